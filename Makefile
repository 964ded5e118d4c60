# Everything a contributor runs. Each target sets up the machine by itself and is quick the second time.

.PHONY: help demo down test quick check sqlx bench matrix soak

help: ## what can be made
	@sed -n 's/^\([a-z]*\):.*## \(.*\)/make \1\t\2/p' $(MAKEFILE_LIST)

demo: ## the whole platform on this machine, from a signed push to a rollback, narrated
	@deploy/setup/demo start

down: ## stop what `make demo` left running
	@deploy/setup/demo stop

test: ## every test, with real Postgres, NATS, Docker and a registry
	@deploy/setup/test

quick: ## the tests that need neither Docker nor a registry
	@deploy/setup/test quick

check: ## format, lints, documentation
	cargo fmt --all --check
	SQLX_OFFLINE=true cargo clippy --workspace --all-targets --locked -- -D warnings
	SQLX_OFFLINE=true RUSTDOCFLAGS='-D warnings' cargo doc --workspace --no-deps --locked

sqlx: ## write the offline answers of sqlx's query macros anew
	@deploy/setup/sqlx

bench: ## measure against peers and limits; ONLY=release runs one of them, with its options
	@deploy/setup/bench $(ONLY)

matrix: ## 100,000 simulated runs, every step of a release cut everywhere and in every way, and 10,000 webhooks (some hours; ROWS="shifting kill" for some)
	@deploy/setup/matrix $(ROWS)

soak: ## releases, load and random faults for half an hour, and what grows meanwhile (MINUTES=30, SEED=a number)
	@deploy/setup/soak $(MINUTES) $(SEED)
