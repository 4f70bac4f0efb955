# What people and CI call; SwiftPM does the work.

SWIFT_FLAGS ?= -c release
ORACLE_VENV := .build-oracle/venv
PACKAGES := libopenblas-dev libmujoco-dev libprotobuf-c-dev libhdf5-dev libsodium-dev protobuf-c-compiler \
  protobuf-compiler pkg-config python3-venv
# What --version says, where there is a git checkout.
export METADIFFUSER_COMMIT := $(shell git describe --always --dirty=+ 2>/dev/null)
ifeq ($(METADIFFUSER_COMMIT),)
unexport METADIFFUSER_COMMIT
endif
# Another MuJoCo than Debian's 2.2.2, for robots that need a newer one: a release of PyPI's wheels (3.17.0, 4.0.1), or a
# folder with include/ and libmujoco.so. Given to every command, or exported.
MUJOCO ?=
ifneq ($(MUJOCO),)
MUJOCO_RELEASE := $(if $(findstring /,$(MUJOCO)),,$(MUJOCO))
override MUJOCO := $(abspath $(if $(MUJOCO_RELEASE),.build-mujoco/$(MUJOCO_RELEASE)/mujoco,$(MUJOCO)))
export MUJOCO
endif
# Arguments of a target's program: make demo ARGS="--speed 2.3 --seed 7".
ARGS ?=

.PHONY: all dependencies build demo test lint clean
all: build

# Installs Debian's packages that are missing; asks for root only when there are any.
dependencies:
	@missing=$$(for p in $(PACKAGES); do dpkg-query -W -f='$${Status}' $$p 2>/dev/null | grep -q 'ok installed' \
	    || echo $$p; done); \
	if [ -n "$$missing" ]; then \
	  echo "installing $$missing"; \
	  if [ "$$(id -u)" = 0 ]; then run=; else run=sudo; fi; \
	  $$run apt-get update -qq && \
	  $$run env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $$missing; \
	fi
	@$(if $(MUJOCO_RELEASE),test -e $(MUJOCO)/libmujoco.so \
	  || Packaging/mujoco.sh $(MUJOCO_RELEASE) .build-mujoco/$(MUJOCO_RELEASE))
	@command -v swift >/dev/null || { echo "Swift 6.3 is missing: https://www.swift.org/install/linux/"; exit 1; }

build: dependencies
	swift build $(SWIFT_FLAGS) --product metadiffuser
	swift build $(SWIFT_FLAGS) --product metadiffuserd

demo: build
	@"$$(swift build $(SWIFT_FLAGS) --show-bin-path)/metadiffuser" demo $(ARGS)

test: dependencies
	swift test $(SWIFT_FLAGS)

# Programs that carry Swift's libraries in them, and what they look up: PREFIX/bin and PREFIX/share/metadiffuser.
PREFIX ?= /usr/local
STATIC := .build-static
STATIC_FLAGS := -c release --static-swift-stdlib --scratch-path $(STATIC)
SHARE = $(DESTDIR)$(PREFIX)/share/metadiffuser
.PHONY: install install-onboard install-workbench uninstall deb
install: install-onboard install-workbench

install-onboard: dependencies
	swift build $(STATIC_FLAGS) --product metadiffuserd
	install -Ds "$$(swift build $(STATIC_FLAGS) --show-bin-path)/metadiffuserd" "$(DESTDIR)$(PREFIX)/bin/metadiffuserd"
	install -Dm644 Packaging/metadiffuserd.service -t "$(DESTDIR)$(PREFIX)/share/doc/metadiffuserd/examples"
	install -Dm644 Sources/CRobotProtocol/robot.proto -t "$(DESTDIR)$(PREFIX)/share/doc/metadiffuserd"

install-workbench: dependencies
	swift build $(STATIC_FLAGS) --product metadiffuser
	install -Ds "$$(swift build $(STATIC_FLAGS) --show-bin-path)/metadiffuser" "$(DESTDIR)$(PREFIX)/bin/metadiffuser"
	find Families Models Recipes -type f -exec install -Dm644 {} "$(SHARE)/{}" \;
	install -Dm644 Docs/*.md Docs/*.svg README.md -t "$(DESTDIR)$(PREFIX)/share/doc/metadiffuser"

uninstall:
	rm -f "$(DESTDIR)$(PREFIX)/bin/metadiffuser" "$(DESTDIR)$(PREFIX)/bin/metadiffuserd"
	rm -rf "$(SHARE)" "$(DESTDIR)$(PREFIX)/share/doc/metadiffuser" "$(DESTDIR)$(PREFIX)/share/doc/metadiffuserd"

# Packages of the onboard controller and of the workbench with its models, in .build-deb.
deb: PACKAGES += binutils dpkg-dev
deb: dependencies
	rm -rf .build-deb
	Packaging/deb.sh .build-deb "$$(sed -n 's/^## \([0-9.]*\).*/\1/p' CHANGELOG.md | head -1)"

# Both packages in a fresh Debian 12: installed, run, removed. Needs root.
.PHONY: test-deb
test-deb: PACKAGES += debootstrap
test-deb: deb
	Packaging/chroot.sh .build-chroot .build-deb/*.deb

# Two programs that use the libraries as yours would: built and run.
EXAMPLES_BUILD := swift build $(SWIFT_FLAGS) --package-path Examples --scratch-path .build-examples
.PHONY: examples
examples: dependencies
	$(EXAMPLES_BUILD)
	for example in FirstPlan OwnLink; do \
	  "$$($(EXAMPLES_BUILD) --show-bin-path)/$$example" Models/point-robot.safetensors || exit 1; done

# The pages of the onboard libraries as a static site, .build-docs/site; a link that leads nowhere is an error.
DOCUMENTED := Foundations ModelLayout PlannerRuntime PlannerModel RobotLink Failsafe ActuatorBus ControlCore \
  ControlRuntime
DOCS := .build-docs
DOCS_BUILD := swift build $(SWIFT_FLAGS) --scratch-path $(DOCS)/build -Xswiftc -emit-symbol-graph \
  -Xswiftc -emit-symbol-graph-dir -Xswiftc $(CURDIR)/$(DOCS)/graphs
.PHONY: docs
docs: dependencies
	rm -rf $(DOCS)/symbols $(DOCS)/archives $(DOCS)/site
	mkdir -p $(DOCS)/graphs $(DOCS)/archives
	for target in ControlRuntime ActuatorBus; do $(DOCS_BUILD) --target $$target || exit 1; done
	for module in $(DOCUMENTED); do \
	  mkdir -p $(DOCS)/symbols/$$module && \
	  find $(DOCS)/graphs \( -name "$$module.symbols.json" -o -name "$$module@*.symbols.json" \) \
	    -exec cp {} $(DOCS)/symbols/$$module \; && \
	  docc convert Sources/$$module/$$module.docc --additional-symbol-graph-dir $(DOCS)/symbols/$$module \
	    --fallback-display-name $$module --fallback-bundle-identifier metadiffuser.$$module \
	    --fallback-default-module-kind Library --warnings-as-errors \
	    --output-path $(DOCS)/archives/$$module.doccarchive || exit 1; done
	docc merge $(foreach module,$(DOCUMENTED),$(DOCS)/archives/$(module).doccarchive) \
	  --synthesized-landing-page-name MetaDiffuser --output-path $(DOCS)/site
	@echo "python3 -m http.server --directory $(DOCS)/site, then http://localhost:8000/documentation"

lint: proto-check
	swift format lint --strict --recursive Package.swift Sources Tests Bench
	Docs/modules.py --check

# The picture of the modules in Docs/design.md, drawn from the manifest.
.PHONY: modules
modules:
	Docs/modules.py

# The page of every setting, from the programs themselves.
.PHONY: settings
settings: dependencies
	swift build $(SWIFT_FLAGS) --product metadiffuser
	"$$(swift build $(SWIFT_FLAGS) --show-bin-path)/metadiffuser" settings --markdown >Docs/settings.md

clean:
	rm -rf .build .build-*

# Holds simulation and files against independent implementations from PyPI, in a virtual environment of its own.
.PHONY: test-oracle
test-oracle: dependencies $(ORACLE_VENV)/installed
	swift build $(SWIFT_FLAGS) --product oracle-peer
	for oracle in robots dataset; do \
	  $(ORACLE_VENV)/bin/python Tests/Oracles/$$oracle.py \
	    "$$(swift build $(SWIFT_FLAGS) --show-bin-path)/oracle-peer" || exit 1; done

$(ORACLE_VENV)/installed: Tests/Oracles/requirements.txt
	python3 -m venv $(ORACLE_VENV)
	$(ORACLE_VENV)/bin/pip install --quiet --disable-pip-version-check -r Tests/Oracles/requirements.txt
	touch $@

# The kernels for AArch64, compiled by Swift's clang against Debian's cross libraries, compared with the portable ones
# in an emulator.
NEON := .build-neon
KERNEL_SOURCES := $(wildcard Sources/CKernels/*.c) Tests/Support/CKernelAgreement/kernel_agreement.c \
  Tests/Kernels/agreement.c
.PHONY: test-neon
test-neon: PACKAGES := gcc-aarch64-linux-gnu libc6-dev-arm64-cross qemu-user
test-neon: dependencies
	mkdir -p $(NEON)
	clang --target=aarch64-linux-gnu -O2 \
	  -Wall -Werror -static -ISources/CKernels/include -ITests/Support/CKernelAgreement/include $(KERNEL_SOURCES) \
	  -o $(NEON)/agreement -lm
	qemu-aarch64 $(NEON)/agreement neon

# The whole control loop under RealtimeSanitizer; first deliberate violations on both of its threads, which must be
# reported.
RTSAN_BUILD := swift build -c release --package-path Tests/RealtimeSanitizer --scratch-path .build-rtsan
.PHONY: rtsan
rtsan: dependencies
	$(RTSAN_BUILD)
	@program=$$($(RTSAN_BUILD) --show-bin-path)/RealtimeLoop; \
	for violation in --violate --violate-helper; do \
	  if $$program $$violation 2>.build-rtsan/violation.log; then echo "the sanitizer reports nothing"; exit 1; fi; \
	  grep -q 'ERROR: RealtimeSanitizer' .build-rtsan/violation.log || { cat .build-rtsan/violation.log; exit 1; }; \
	done; \
	echo "deliberate allocations are reported"; \
	RTSAN_OPTIONS=suppressions=Tests/RealtimeSanitizer/suppressions.txt $$program

# Fuzzing: SECONDS of libFuzzer and address sanitizer on each target that faces the outside, all or FUZZ_TARGETS; fails
# where one is stopped, covers no Swift, or stands still. What it finds lies in .build-fuzz/found/; copy it to
# Tests/Fuzzing/Cases/TARGET/, where `make test` runs it from then on.
SECONDS ?= 60
FUZZ_TARGETS ?=
FUZZ_BUILD := swift build -c release --package-path Tests/Fuzzing --scratch-path .build-fuzz
.PHONY: fuzz
fuzz: dependencies
	$(FUZZ_BUILD) --sanitize fuzzer --sanitize address -Xswiftc -sanitize=fuzzer --product fuzz
	python3 Tests/Fuzzing/fuzz.py "$$($(FUZZ_BUILD) --show-bin-path)/fuzz" .build-fuzz $(SECONDS) $(FUZZ_TARGETS)

# SECONDS of hostile sessions, seeded by SEED, against metadiffuserd and metadiffuser simulate: nothing may end or grow,
# and planning is back within a second of each. `make test` runs a few seconds of the same.
SEED ?= 1
.PHONY: hostile
hostile: dependencies
	HOSTILE_SECONDS=$(SECONDS) HOSTILE_SEED=$(SEED) swift test $(SWIFT_FLAGS) --filter ProgramTests.HostileTests

# The wire format's C code is committed, so that building needs no protobuf compiler; this generates it again.
PROTOCOL := Sources/CRobotProtocol
.PHONY: proto proto-check
proto: dependencies
	protoc-c --proto_path=$(PROTOCOL) --c_out=$(PROTOCOL) robot.proto
	mv $(PROTOCOL)/robot.pb-c.h $(PROTOCOL)/include/

# Fails if the committed code is not what robot.proto makes.
proto-check: dependencies
	mkdir -p .build-proto
	protoc-c --proto_path=$(PROTOCOL) --c_out=.build-proto robot.proto
	cmp .build-proto/robot.pb-c.c $(PROTOCOL)/robot.pb-c.c
	cmp .build-proto/robot.pb-c.h $(PROTOCOL)/include/robot.pb-c.h

# Peers written in Python from robot.proto alone: one drives the simulation, one is driven by the controller.
PEER := .build-peer
PEER_MODEL ?= Models/cheetah-vel.safetensors
.PHONY: test-peer
test-peer: dependencies $(PEER)/installed
	protoc --proto_path=$(PROTOCOL) --python_out=$(PEER) robot.proto
	swift build $(SWIFT_FLAGS) --product metadiffuser
	swift build $(SWIFT_FLAGS) --product metadiffuserd
	PYTHONPATH=$(PEER) $(PEER)/venv/bin/python Tests/Peers/run.py \
	  "$$(swift build $(SWIFT_FLAGS) --show-bin-path)" $(PEER_MODEL)
	@if unshare --map-root-user --mount --net true 2>/dev/null; then \
	  unshare --map-root-user --mount --net python3 Tests/Peers/network.py \
	    "$$(swift build $(SWIFT_FLAGS) --show-bin-path)" Models/point-robot.safetensors; \
	else echo "network: left out, this machine allows no namespaces"; fi

$(PEER)/installed: Tests/Peers/requirements.txt
	python3 -m venv $(PEER)/venv
	$(PEER)/venv/bin/pip install --quiet --disable-pip-version-check -r Tests/Peers/requirements.txt
	touch $@

# Speed against other implementations, in turn in one run. Bench is a package of its own.
BENCH := .build-bench
BENCH_BUILD := swift build $(SWIFT_FLAGS) --package-path Bench --scratch-path $(BENCH)/swift
BENCH_BIN = "$$($(BENCH_BUILD) --show-bin-path)"
.PHONY: bench bench-peers bench-onboard bench-training callgrind

# Against the same net over OpenBLAS.
bench: dependencies
	$(BENCH_BUILD) --product denoiser-bench
	$(BENCH_BIN)/denoiser-bench $(ARGS)

# Also against ONNX Runtime and PyTorch: denoiser and whole plans, on a model of random weights.
bench-peers: bench $(BENCH)/installed
	$(BENCH_BUILD) --product PlannerPeer
	$(BENCH_BIN)/denoiser-bench model $(BENCH)/diffuser.safetensors
	$(BENCH)/venv/bin/python Bench/peers.py $(BENCH_BIN)/libPlannerPeer.so $(BENCH)/diffuser.safetensors

# Memory, start, allocations and page faults of the onboard controller of Diffuser's shape (4.3 M parameters).
bench-onboard: build
	$(BENCH_BUILD) --product denoiser-bench
	$(BENCH_BIN)/denoiser-bench model $(BENCH)/diffuser.safetensors
	python3 Bench/onboard.py "$$(swift build $(SWIFT_FLAGS) --show-bin-path)" $(BENCH)/diffuser.safetensors

# A training step. A data set of a few episodes is enough.
bench-training: build $(BENCH)/installed
	"$$(swift build $(SWIFT_FLAGS) --show-bin-path)/metadiffuser" collect \
	  --family cheetah-vel --quality random --episodes-per-task 1 -o $(BENCH)/data.hdf5
	$(BENCH)/venv/bin/python Bench/training_step.py \
	  "$$(swift build $(SWIFT_FLAGS) --show-bin-path)/metadiffuser" $(BENCH)/data.hdf5

# What the failsafe's constants are set by: ARGS=falls, or ARGS=slew.
.PHONY: safety
safety: dependencies
	$(BENCH_BUILD) --product safety-bench
	$(BENCH_BIN)/safety-bench $(ARGS)

# Instructions of one plan of each model in Models against Bench/Thresholds: the same wherever and whenever they are
# counted.
callgrind: PACKAGES += valgrind
callgrind: dependencies
	$(BENCH_BUILD) --product plan-count
	python3 Bench/callgrind.py $(BENCH_BIN)/plan-count $(ARGS)

$(BENCH)/installed: Bench/requirements.txt
	python3 -m venv $(BENCH)/venv
	$(BENCH)/venv/bin/pip install --quiet --disable-pip-version-check -r Bench/requirements.txt
	touch $@

# The firmware: image for the microcontroller in .build-firmware, the same application as a Linux process, and both
# in the loop.
# make hil ARGS="--speed 1.2", or ARGS="--real-port /dev/ttyACM0 --real-bus /dev/ttyUSB0" with real hardware.
FIRMWARE_PACKAGES := gcc-arm-none-eabi libnewlib-arm-none-eabi qemu-system-arm
FAULTS ?= 10
.PHONY: firmware firmware-host hil hil-faults
firmware:
	@$(MAKE) --no-print-directory dependencies PACKAGES="$(PACKAGES) $(FIRMWARE_PACKAGES)"
	@mkdir -p .build-firmware
	$(MAKE) -C Firmware

firmware-host: dependencies
	swift build $(SWIFT_FLAGS) --product firmware-host

hil: build firmware
	@"$$(swift build $(SWIFT_FLAGS) --show-bin-path)/metadiffuser" hil $(ARGS)

# The hardware watchdog, tried on the image: QEMU's debugger starves its main loop.
.PHONY: test-firmware
test-firmware: firmware
	python3 Tests/Firmware/watchdog.py .build-firmware/firmware.elf

# Kills and stops controller, plant and microcontroller, FAULTS times each, at random instants.
hil-faults: build firmware
	@"$$(swift build $(SWIFT_FLAGS) --show-bin-path)/metadiffuser" hil --faults $(FAULTS) $(ARGS)
