# What people and CI call; SwiftPM does the work.

SWIFT_FLAGS ?= -c release
ORACLE_VENV := .build-oracle/venv

# Holds simulation and files against independent implementations from PyPI, in a virtual environment of its own.
.PHONY: test-oracle
test-oracle: $(ORACLE_VENV)/installed
	swift build $(SWIFT_FLAGS) --product oracle-peer
	for oracle in half_cheetah dataset; do \
	  $(ORACLE_VENV)/bin/python Tests/Oracles/$$oracle.py \
	    "$$(swift build $(SWIFT_FLAGS) --show-bin-path)/oracle-peer" || exit 1; done

$(ORACLE_VENV)/installed: Tests/Oracles/requirements.txt
	python3 -m venv $(ORACLE_VENV)
	$(ORACLE_VENV)/bin/pip install --quiet --disable-pip-version-check -r Tests/Oracles/requirements.txt
	touch $@

# The wire format's C code is committed, so that building needs no compiler of protocol buffers; this makes it anew.
PROTOCOL := Sources/CRobotProtocol
.PHONY: proto proto-check
proto:
	protoc-c --proto_path=$(PROTOCOL) --c_out=$(PROTOCOL) robot.proto
	mv $(PROTOCOL)/robot.pb-c.h $(PROTOCOL)/include/

# Fails if the committed code is not what robot.proto makes.
proto-check:
	mkdir -p .build-proto
	protoc-c --proto_path=$(PROTOCOL) --c_out=.build-proto robot.proto
	cmp .build-proto/robot.pb-c.c $(PROTOCOL)/robot.pb-c.c
	cmp .build-proto/robot.pb-c.h $(PROTOCOL)/include/robot.pb-c.h
