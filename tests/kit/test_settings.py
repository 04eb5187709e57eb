"""Settings: secrets come as files, and a database's address without its password."""

from pathlib import Path

from shared.kit.settings import Settings


def test_the_password_of_the_database_comes_from_its_file(tmp_path: Path) -> None:
    word = tmp_path / "database"
    word.write_text("p@ss/wörd\n", encoding="utf-8")
    url = "postgresql+asyncpg://quntuan_hub@postgres/quntuan_hub"
    settings = Settings(service="hub", database_url=url, database_password_file=word)
    expected = "postgresql+asyncpg://quntuan_hub:p%40ss%2Fw%C3%B6rd@postgres/quntuan_hub"
    assert settings.database_url == expected
    assert Settings(service="hub", database_url=url).database_url == url
