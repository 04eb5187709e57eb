"""The pages that staff meet: service, login, path."""

ORGANISATION = {
    None: ["/signin"],
    "clerk": [
        "/",
        "/members",
        "/members?standing=left",
        "/members/new",
        "/units",
        "/imports",
        "/account",
        "/venues",
        "/venues?view=day",
        "/venues?view=month",
        "/venues/list",
        "/venues/new",
        "/venues/mine",
        "/venues/waiting",
        "/venues/use",
        "/venues/calendar",
        "/venues/others",
        "/venues/rounds",
        "/venues/rounds/new",
    ],
    "district": ["/members"],
    "viewer": ["/members"],
    "admin": ["/", "/staff", "/staff/new", "/staff/tokens", "/ops/ledger"],
    "auditor": ["/", "/audit"],
}


HUB = {
    None: ["/signin"],
    "clerk": [
        "/",
        "/lookup",
        "/lookup/recent",
        "/organisations",
        "/rooms",
        "/rooms?view=day",
        "/rooms/find",
        "/rooms/requests",
        "/rooms/rounds",
    ],
    "steward": ["/candidates", "/candidates?tab=later", "/quality"],
    "ops": ["/ops", "/ops/ledger", "/ops/ledger?state=waiting", "/ops/recount", "/staff"],
    "auditor": ["/audit"],
}


CASES = [
    *(
        (code, login, path)
        for code in ("union", "womens")
        for login, paths in ORGANISATION.items()
        for path in paths
    ),
    *(("hub", login, path) for login, paths in HUB.items() for path in paths),
]
