"""Records what kustomize v5.8.1 makes of the cases in cases/*.yaml, into want/*.json.

    python record.py KUBECTL [TOPIC...]

A case has `files` (texts by path) and optionally `folder`. In what is recorded, `<root>` stands for the folder that the files lay in;
addresses in memory, stacks of panics and heads of log lines are left out. A case may name its `cause`: the part of the error that is the same where kustomize also quotes Go's values.
"""
import json, os, re, subprocess, sys, tempfile
import yaml

here = os.path.dirname(os.path.abspath(__file__))


def record(kubectl, case):
    with tempfile.TemporaryDirectory() as root:
        root = os.path.realpath(root)
        for path, text in case["files"].items():
            path = os.path.join(root, path)
            os.makedirs(os.path.dirname(path), exist_ok=True)
            with open(path, "w", newline="") as file:
                file.write(text)
        folder = os.path.join(root, case.get("folder", ""))
        done = subprocess.run([kubectl, "kustomize", folder.rstrip("/")], capture_output=True, text=True)
        errors = done.stderr.replace(root, "<root>").split("\n\ngoroutine ")[0].split("\n[signal ")[0]
        for unstable in [r" &\{0x[0-9a-f]+ <nil>\}", r"(?m)^[IWE]\d{4} [\d:.]+ +\d+ \w+\.go:\d+\] "]:
            errors = re.sub(unstable, "", errors)
        errors = errors.splitlines(keepends=True)
        warnings = "".join(line for line in errors if line.startswith("# Warning: "))
        error = "".join(line for line in errors if not line.startswith("# Warning: "))
        if done.returncode == 0:
            return {"name": case["name"], "yaml": done.stdout, "warnings": warnings + error}
        return {"name": case["name"], "error": error.removeprefix("error: ").rstrip("\n"), "warnings": warnings}


def main():
    kubectl, topics = sys.argv[1], sys.argv[2:]
    os.makedirs(os.path.join(here, "want"), exist_ok=True)
    for file in sorted(os.listdir(os.path.join(here, "cases"))):
        topic = file.removesuffix(".yaml")
        if topics and topic not in topics:
            continue
        with open(os.path.join(here, "cases", file)) as cases:
            want = [record(kubectl, case) for case in yaml.safe_load(cases)]
        with open(os.path.join(here, "want", f"{topic}.json"), "w") as out:
            json.dump(want, out, indent=1, ensure_ascii=False)
            out.write("\n")


main()
