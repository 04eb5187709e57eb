"""Real servers as child processes: the one way tests and `make up` start PostgreSQL and NATS.

`postgres.PostgresServer` and `nats.NatsServer` start, kill, restart and stop; `databases` makes a service's
database and roles; `process` holds what every child process shares. deploy imports this, never the reverse.
"""
