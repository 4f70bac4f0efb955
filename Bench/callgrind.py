"""Instructions of one plan under callgrind, held against Thresholds: they do not depend on what else the machine does.

usage: callgrind.py PLAN_COUNT [--update]

Fails above a threshold; says so where a count is far below it, so that the threshold follows. --update writes them anew.
"""
import json
import pathlib
import re
import subprocess
import sys
import tempfile

# callgrind knows no AVX-512.
KERNELS = ["avx2", "portable"]
ABOVE, BELOW = 1.03, 0.90
THRESHOLDS = pathlib.Path(__file__).parent / "Thresholds" / "plan-instructions.json"


def count(program, kernel):
    """Instructions of one plan; None where this processor has no such kernels."""
    command = ["valgrind", "--tool=callgrind", "--collect-atstart=no", "--toggle-collect=count_plan",
               "--callgrind-out-file=/dev/null", program, kernel]
    result = subprocess.run(command, capture_output=True, text=True)
    if "no kernels called" in result.stderr:
        return None
    found = re.search(r"Collected : (\d+)", result.stderr)
    if result.returncode or not found or int(found[1]) == 0:
        sys.exit(f"callgrind counted nothing with {kernel} kernels:\n{result.stderr}")
    return int(found[1])


def main():
    update = "--update" in sys.argv
    folder = tempfile.TemporaryDirectory()
    program = f"{folder.name}/plan-count"
    # Older valgrinds cannot read today's debug information.
    subprocess.run(["strip", "--strip-debug", "-o", program, sys.argv[1]], check=True)
    thresholds = json.loads(THRESHOLDS.read_text()) if THRESHOLDS.exists() else {}
    failed = False
    for kernel in KERNELS:
        instructions = count(program, kernel)
        if instructions is None:
            print(f"{kernel}: not on this processor")
            continue
        if update:
            thresholds[kernel] = instructions
        ratio = instructions / thresholds[kernel]
        verdict = "good"
        if ratio > ABOVE:
            verdict, failed = f"above the threshold by more than {ABOVE - 1:.0%}", True
        elif ratio < BELOW:
            verdict = "far below the threshold: lower it with make callgrind ARGS=--update"
        print(f"{kernel}: {instructions} instructions a plan, threshold {thresholds[kernel]}: {verdict}")
    if update:
        THRESHOLDS.write_text(json.dumps(thresholds, indent=2) + "\n")
    sys.exit(failed)


main()
