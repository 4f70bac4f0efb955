"""Instructions of one plan of each model that ships, under callgrind, held against Thresholds: they do not depend on
what else the machine does, nor on how fast it is.

usage: callgrind.py PLAN_COUNT [--update]

Fails above a threshold, or without one; says so where a count is far below it, so that the threshold follows. --update
writes them anew.
"""
import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor

# By name, so that a machine with more counts the same: callgrind knows no AVX-512.
KERNELS = ["avx2", "portable"]
ABOVE, BELOW = 1.03, 0.97
BENCH = pathlib.Path(__file__).parent
MODELS = sorted((BENCH.parent / "Models").glob("*.safetensors"))
THRESHOLDS = BENCH / "Thresholds" / "plan-instructions.json"


def count(program, kernel, model):
    """Instructions of one plan; None where this processor has no such kernels."""
    command = ["valgrind", "--tool=callgrind", "--collect-atstart=no", "--toggle-collect=count_plan",
               "--callgrind-out-file=/dev/null", program, kernel, model]
    result = subprocess.run(command, capture_output=True, text=True)
    if "no kernels called" in result.stderr:
        return None
    found = re.search(r"Collected : (\d+)", result.stderr)
    if result.returncode or not found or int(found[1]) == 0 or ": planned" not in result.stdout:
        sys.exit(f"callgrind counted no plan of {model} with {kernel} kernels:\n{result.stderr}")
    return int(found[1])


def verdict(instructions, threshold):
    """What is to be said of a count, and whether it is good."""
    if threshold is None:
        return "no threshold: set it with make callgrind ARGS=--update", False
    ratio = instructions / threshold
    if ratio > ABOVE:
        return f"above the threshold by {ratio - 1:.1%}", False
    if ratio < BELOW:
        return "below the threshold: lower it with make callgrind ARGS=--update", True
    return "good", True


def main():
    folder = tempfile.TemporaryDirectory()
    program = f"{folder.name}/plan-count"
    # Older valgrinds cannot read today's debug information.
    subprocess.run(["strip", "--strip-debug", "-o", program, sys.argv[1]], check=True)
    thresholds = json.loads(THRESHOLDS.read_text())
    cases = [(model, kernel) for model in MODELS for kernel in KERNELS]
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        counts = list(pool.map(lambda case: count(program, case[1], case[0]), cases))
    all_good = True
    for (model, kernel), instructions in zip(cases, counts):
        if instructions is None:
            print(f"{model.stem:<14} {kernel:<9} not on this processor")
            continue
        if "--update" in sys.argv:
            thresholds.setdefault(model.stem, {})[kernel] = instructions
        threshold = thresholds.get(model.stem, {}).get(kernel)
        text, good = verdict(instructions, threshold)
        all_good = all_good and good
        print(f"{model.stem:<14} {kernel:<9} {instructions:>10} instructions a plan, threshold {threshold}: {text}")
    if "--update" in sys.argv:
        THRESHOLDS.write_text(json.dumps(thresholds, indent=2, sort_keys=True) + "\n")
    sys.exit(not all_good)


main()
