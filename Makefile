# Martlet. `make run` builds a release and serves etc/martlet.toml; `make test` is what a change has to pass.

PREFIX ?= /usr/local
BINDIR ?= $(PREFIX)/bin
SYSCONFDIR ?= /etc
UNITDIR ?= /lib/systemd/system
DESTDIR ?=
SECONDS ?= 3600

# What perf saw of a loaded worker's time: exclusive access to variables costs 4 % to check, which debug builds do while they run
# the tests, and a loop of one thread can go without; calls from one module into another cost 2 % unless they are optimised together.
RELEASE = swift build -c release --static-swift-stdlib -Xswiftc -enforce-exclusivity=unchecked \
	-Xswiftc -cross-module-optimization
BINARIES = $(CURDIR)/.build/release
SWIFT_FILES = Package.swift Plugins Sources Tests Examples Benchmarks
LIBRARIES = MartletLoop MartletNet MartletTLS MartletProcessPool MartletHTTP MartletJSON MartletWebSocketCodec MartletServer MartletClient MartletWebSocket MartletSQLite MartletRESP MartletRedis MartletRedisChannels MartletQueue MartletStore MartletStoreService MartletDownloadPlan MartletDownloads MartletDownloadService MartletTesting MartletLifecycle MartletSupervisor Martlet

.PHONY: help run build test test-unit test-differential test-websocket test-end-to-end test-downloads test-systemd fuzz bench lint format docs install \
	uninstall clean build-packages test-packages release-all bench-server loop-bench client-bench redis-bench store-bench

help:
	@echo "make run           build a release and serve etc/martlet.toml, one worker per core"
	@echo "make build         release binaries in .build/release"
	@echo "make test          format, linkage, unit tests, the parser next to others, WebSocket conformance, end-to-end tests,"
	@echo "                   twenty seconds of fuzzing"
	@echo "make test-systemd  the service under a real systemd, in a container (root)"
	@echo "make fuzz          fuzz the parsers; SECONDS=3600"
	@echo "make bench         every benchmark, next to its peers"
	@echo "make lint format   check, or apply, the formatting"
	@echo "make docs          DocC archives in .build/docs"
	@echo "make install       PREFIX=/usr/local SYSCONFDIR=/etc DESTDIR=; make uninstall takes it away"

# Once, so that `make run` is the first command that anyone has to type.
build-packages:
	@.ci/need pkg-config libbrotli-dev libsqlite3-dev libssl-dev libsystemd-dev zlib1g-dev

test-packages: build-packages
	@.ci/clients
	@.ci/need binutils chromium curl diffutils nginx-light nodejs openssl procps publicsuffix python3 python3-venv redis-sentinel redis-server socat sslscan systemd testssl.sh util-linux wrk

build: build-packages
	$(RELEASE) --product martletd
	$(RELEASE) --product martletctl

# The end-to-end tests also drive the examples, and programs that lie beside the tests.
release-all: build-packages
	$(RELEASE)

bench-server loop-bench client-bench redis-bench store-bench: build-packages
	$(RELEASE) --product $@

run: build
	@.ci/first-steps etc/martlet.toml
	@exec .build/release/martletd run --config etc/martlet.toml

test: test-packages lint release-all
	.ci/check-binaries .build/release/martletd .build/release/martletctl .build/release/loop-program
	@# What has been built is not planned again for each part.
	$(MAKE) --no-print-directory RELEASE=: test-unit test-differential test-websocket test-end-to-end
	Tests/Fuzz/run 20

# All tests of a process share one loop: each has it to itself, so that none is late because of others. Two processes at a time.
TESTS = .build/debug/martletPackageTests.xctest --testing-library swift-testing
UNIT_TESTS = $(TESTS) --no-parallel
UNIT_GROUPS = unit-loop unit-codecs unit-failover unit-client unit-web unit-data unit-rest
LOOP_TESTS = Loop|Net|ProcessPool
CODEC_TESTS = HTTP|JSON|WebSocketCodec
CLIENT_TESTS = Client|SQLite|Download[A-Za-z]*
WEB_TESTS = Server|WebSocket|TLS
DATA_TESTS = RESP|Redis|RedisCommands|RedisChannels|Store[A-Za-z]*|Queue
# Clusters and sentinels, whose servers are killed under load.
FAILOVER_TESTS = RedisGroup

.PHONY: build-tests $(UNIT_GROUPS)
build-tests: test-packages
	swift build --build-tests

test-unit: build-tests
	$(MAKE) --no-print-directory --jobs=2 --output-sync $(UNIT_GROUPS)

unit-loop:
	$(UNIT_TESTS) --filter '^Martlet($(LOOP_TESTS))Tests\.'

unit-codecs:
	$(UNIT_TESTS) --filter '^Martlet($(CODEC_TESTS))Tests\.'

unit-client:
	$(UNIT_TESTS) --filter '^Martlet($(CLIENT_TESTS))Tests\.'

unit-web:
	$(UNIT_TESTS) --filter '^Martlet($(WEB_TESTS))Tests\.'

unit-data:
	$(UNIT_TESTS) --filter '^Martlet($(DATA_TESTS))Tests\.'

unit-failover:
	$(UNIT_TESTS) --filter '^Martlet($(FAILOVER_TESTS))Tests\.'

unit-rest:
	$(UNIT_TESTS) --skip '^EndToEnd\.' --skip '^Martlet($(LOOP_TESTS)|$(CODEC_TESTS)|$(CLIENT_TESTS)|$(WEB_TESTS)|$(DATA_TESTS)|$(FAILOVER_TESTS))Tests\.'

# What the request parser accepts, next to what node, aiohttp and h11 do.
test-differential: test-packages
	$(RELEASE) --product parser-verdicts
	Tests/differential/run $(BINARIES)/parser-verdicts

# The cases of Autobahn|Testsuite, against both forms of a server's handlers and against the client.
test-websocket: test-packages
	$(RELEASE) --product web-program
	$(RELEASE) --product websocket-client
	Tests/autobahn/conform $(BINARIES)

# Apart from the unit tests: these load the machine and measure what happens to others meanwhile.
test-end-to-end: build-tests
	MARTLET_BINARIES=$(BINARIES) $(TESTS) --filter '^EndToEnd\.'

# A file of 2 GiB, whose client and server are killed again and again.
test-downloads: build-tests
	MARTLET_BINARIES=$(BINARIES) MARTLET_DOWNLOAD_MEGABYTES=2048 $(TESTS) --filter '^EndToEnd\.EndToEnd/Downloads'

test-systemd: build
	Tests/systemd/run

fuzz:
	Tests/Fuzz/run $(SECONDS)

bench: release-all
	@.ci/need curl nginx-light procps python3 util-linux wrk
	@set -e; for benchmark in $$(find Benchmarks -maxdepth 1 -type f -executable ! -name serve | sort); do \
		echo "== $$benchmark"; $$benchmark; \
	done

lint:
	swift format lint --strict --parallel --recursive --configuration .swift-format $(SWIFT_FILES)
	@for script in .ci/* Tests/systemd/run Tests/differential/run Tests/autobahn/conform Tests/EndToEnd/validate-openapi Benchmarks/serve; do bash -n $$script || exit 1; done

format:
	swift format --in-place --parallel --recursive --configuration .swift-format $(SWIFT_FILES)

docs: build-packages
	.ci/docs $(LIBRARIES)

install:
	@test -x .build/release/martletd -a -x .build/release/martletctl || { echo "nothing to install: run \`make build\` first" >&2; exit 1; }
	install -d $(DESTDIR)$(BINDIR) $(DESTDIR)$(SYSCONFDIR)/martlet $(DESTDIR)$(UNITDIR)
	install -m 755 .build/release/martletd .build/release/martletctl $(DESTDIR)$(BINDIR)
	@if test -e $(DESTDIR)$(SYSCONFDIR)/martlet/martlet.toml; then \
		echo "keeping $(DESTDIR)$(SYSCONFDIR)/martlet/martlet.toml"; \
	else \
		install -m 644 etc/martlet.toml $(DESTDIR)$(SYSCONFDIR)/martlet/martlet.toml; \
	fi
	sed -e 's|/usr/\(local/\)\{0,1\}bin/martlet|$(BINDIR)/martlet|g' -e 's|/etc/martlet|$(SYSCONFDIR)/martlet|g' \
		deploy/systemd/martlet.service >$(DESTDIR)$(UNITDIR)/martlet.service
	chmod 644 $(DESTDIR)$(UNITDIR)/martlet.service

# A configuration that somebody wrote stays.
uninstall:
	rm -f $(DESTDIR)$(BINDIR)/martletd $(DESTDIR)$(BINDIR)/martletctl $(DESTDIR)$(UNITDIR)/martlet.service
	@if cmp -s etc/martlet.toml $(DESTDIR)$(SYSCONFDIR)/martlet/martlet.toml; then \
		rm -f $(DESTDIR)$(SYSCONFDIR)/martlet/martlet.toml; \
	fi
	@rmdir $(DESTDIR)$(SYSCONFDIR)/martlet 2>/dev/null || echo "leaving $(DESTDIR)$(SYSCONFDIR)/martlet: not empty, or not there"

clean:
	rm -rf .build
