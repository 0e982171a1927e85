# What a checkout needs from bare Rust, Python 3 with pip, gcc, g++ and make. See README.md.
CARGO ?= cargo

.PHONY: all setup build demo test lint components

all: build

## Brings libtorch into third_party/ (once; 530 MB).
setup:
	@./scripts/libtorch.sh

## Builds target/release/segc and target/release/segc-engine.
build: setup
	$(CARGO) build --release

## Searches the small space in specs/quickstart.seg and compares the winner with members drawn by
## chance; minutes on two cores.
demo: build
	target/release/segc search specs/quickstart.seg --out runs/quickstart --against 5 --resume

## Everything that CI runs.
test: setup lint
	$(CARGO) check -p segc --no-default-features
	$(CARGO) test --workspace

lint: setup components
	$(CARGO) fmt --all --check
	$(CARGO) clippy --workspace --all-targets -- -D warnings

# rustup's minimal profile leaves these two out; cargo's own message does not say how to get them.
components:
	@$(CARGO) fmt --version >/dev/null 2>&1 || { \
	  echo "rustfmt is missing: rustup component add rustfmt" >&2; exit 2; }
	@$(CARGO) clippy --version >/dev/null 2>&1 || { \
	  echo "clippy is missing: rustup component add clippy" >&2; exit 2; }
