# make test is what continuous integration runs; everything else is a part of it
# or opt-in.

TOOL := go tool -modfile=tools/go.mod
MODULES := $(patsubst %/go.mod,%,$(wildcard */go.mod examples/*/go.mod))
NESTED := $(filter-out tools,$(MODULES))

.PHONY: all test lint vet race nested integration setup browsers bench fuzz cover

all: lint test

## test: everything that must pass, with the race detector
test: setup vet race nested

setup:
	@./scripts/setup.sh proxies

vet:
	go vet ./...

race:
	go test -race ./...

## nested: the modules beside the core, which keep their dependencies out of it
nested:
	@for m in $(NESTED); do echo "== $$m" && (cd $$m && go vet ./... && go test -race ./...) || exit 1; done

## lint: staticcheck and formatting, with the pinned tools
lint:
	@out=$$($(TOOL) gofumpt -l $$(git ls-files '*.go')); [ -z "$$out" ] || { echo "gofumpt would change:"; echo "$$out"; exit 1; }
	$(TOOL) staticcheck ./...

## integration: against a real Prometheus and a real Chromium
integration:
	@./scripts/setup.sh integration
	go test -tags integration -count=1 ./...

## browsers: the header generator against real browsers
browsers:
	@./scripts/setup.sh browsers
	go test -tags browsers -count=1 -v ./headers/...

## bench: beside the peers, as ratios of one run
bench:
	cd bench && go test -run '^$$' -bench . -benchmem ./...

## fuzz: every fuzz target for a short while
FUZZTIME ?= 20s
fuzz:
	@for p in $$(go list ./...); do \
	  for f in $$(go test -list '^Fuzz' $$p | grep ^Fuzz); do \
	    echo "== $$p $$f"; go test -run '^$$' -fuzz "^$$f$$" -fuzztime $(FUZZTIME) $$p || exit 1; \
	  done; done

cover:
	go test -coverprofile=/tmp/godwit.cover ./... && go tool cover -func=/tmp/godwit.cover | tail -1
