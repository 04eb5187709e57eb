"""The synthetic city: people who cannot exist, what they belong to, and the truth about who is who.

Nobody here can be a real person: identity numbers lie in 5199dd (no division of GB/T 2260) with serials from
500 on (sample rosters count from 001, so the two never make the same person), phones in 12xxxxxxxxx (no
operator). Tables of names, units and rates are JSON in `data/`.

`load.ensure_demo` fills running databases (`quntuan up`), `rosters` writes files for load tests,
`city.build_city(Plan(people, day, seed))` gives all in memory, its `truth.score(...)` judges links.
"""
