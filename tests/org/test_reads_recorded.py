"""Who reads a person, a search or an import is on record, without the words searched for."""

from tests.org.imports_tools import HEAD, clerk, csv_file, line, upload
from tests.org.people import admit
from tests.org.web import OrgWorld, audited


async def test_reading_people_is_on_record(here: OrgWorld) -> None:
    async with here.org.kit.database.transaction() as session:
        member = await admit(session, here.org, here.one)
    browser = await here.signed_in("clerk")
    await browser.get(f"/members/{member.id}")
    await browser.api("GET", f"/api/v1/members/{member.id}")
    seen = await audited(here, "member.viewed")
    assert [entry.target_id for entry in seen] == [str(member.id)] * 2
    answer = await browser.post("/members/search", {"q": "单文慧"})
    await browser.get(answer.headers["location"])
    await browser.api("POST", "/api/v1/members/search", {"text": "单文慧"})
    searched = await audited(here, "member.searched")
    assert [entry.detail for entry in searched] == [{"people": 1}] * 2
    assert "单文慧" not in str([(e.detail, e.purpose, e.target_id) for e in searched])


async def test_reading_an_import_is_on_record(here: OrgWorld) -> None:
    batch = await upload(here.org, "名册.csv", csv_file(HEAD, line(here.org)), clerk())
    browser = await here.signed_in("clerk")
    await browser.get(f"/imports/{batch.id}")
    await browser.api("GET", f"/api/v1/imports/{batch.id}/rows?outcome=new")
    seen = await audited(here, "import.viewed")
    assert [entry.target_id for entry in seen] == [str(batch.id)] * 2
