"""Charts with changed values and changed templates, rendered by fleet-core and by Helm v4.2.3: every difference is printed.

    python differential.py --render PROGRAM --charts FOLDER [--count N] [--seed N] [--only TEXT] [--templates] [--out FILE]

PROGRAM is the built `render` of this folder, the python one with helm-python-sdk 0.2.2, FOLDER holds charts at any depth. N changes
of each chart are tried: booleans flipped, what is empty filled, numbers and texts replaced, types exchanged, other clusters; with
--templates, templates lose, double or exchange pieces. Equal differences are printed once.
"""
import argparse, copy, io, json, os, random, re, subprocess, sys, tarfile

import helm_python as helm
from helm_python import _native

TEXTS = ["x", "true", "1", "1e3", "0755", "{{ .Release.Name }}-t", "{{ tpl", "a: b", "two\nlines\n", "é ü", "  spaces ", "#no", "- a", "null",
         "10Gi", "http://host:80/path?q=1", "1.2.3", "yes", "a,b", "*", "'q'", '"d"', "x" * 70, ""]
NUMBERS = [0, 1, 2, 3, 80, 8443, 1234567, 1e21, 0.5, -1, 65536, 2147483648, 9007199254740993]
MAPS = [{"a": "b"}, {"a/b.c": "d", "e": 1}, {"name": "n", "enabled": True}, {"a": {"b": ["c", {"d": None}]}}, {}]
LISTS = [["a"], ["a", "b"], [{"name": "n", "value": "v"}], [{"host": "h", "paths": [{"path": "/", "pathType": "Prefix"}]}], [1, True], []]
VERSIONS = [None, None, None, "v1.19.0", "v1.22.3", "v1.25.0", "v1.29.4-gke.100", "v1.33.1"]
APIS = ["monitoring.coreos.com/v1", "cert-manager.io/v1", "policy/v1beta1/PodDisruptionBudget", "networking.k8s.io/v1beta1/Ingress",
        "gateway.networking.k8s.io/v1", "route.openshift.io/v1", "security.openshift.io/v1", "autoscaling.k8s.io/v1", "monitoring.coreos.com/v1/ServiceMonitor"]


def leaves(value, path=()):
    yield path, value
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, item in items:
        yield from leaves(item, path + (key,))


def put(root, path, value):
    for key in path[:-1]:
        root = root[key]
    root[path[-1]] = value


def change_value(choose, value, rough):
    if rough and choose.random() < 0.3:
        return choose.choice([choose.choice(TEXTS), choose.choice(NUMBERS), choose.choice(MAPS), choose.choice(LISTS), None, True])
    if isinstance(value, bool):
        return not value
    if isinstance(value, (int, float)):
        return choose.choice(NUMBERS)
    if isinstance(value, str):
        return choose.choice(TEXTS)
    if isinstance(value, list):
        return value * 2 if value and choose.random() < 0.5 else choose.choice(LISTS)
    if isinstance(value, dict):
        return value | choose.choice(MAPS)
    return choose.choice([choose.choice(TEXTS), choose.choice(NUMBERS), choose.choice(MAPS), choose.choice(LISTS), True])


def change_values(choose, values):
    """Values with some changes; how many and of which kind differs from try to try."""
    values = copy.deepcopy(values)
    spots = [(path, value) for path, value in leaves(values) if path]
    way = choose.choice(["enable", "flip", "fill", "some", "some", "many", "rough"])
    if way == "enable":
        picked = [(p, v) for p, v in spots if v is False and (choose.random() < 0.8 or p[-1] == "enabled")]
    elif way == "flip":
        flags = [(p, v) for p, v in spots if isinstance(v, bool)]
        picked = choose.sample(flags, min(len(flags), choose.randint(1, 8)))
    elif way == "fill":
        picked = [(p, v) for p, v in spots if v in ("", None, [], {}) and v is not False and v != 0 and choose.random() < 0.4]
    else:
        share = {"some": 4, "rough": 3, "many": 30}[way]
        picked = choose.sample(spots, min(len(spots), choose.randint(1, share)))
    for path, value in picked:
        try:
            put(values, path, change_value(choose, value, way == "rough"))
        except (KeyError, IndexError, TypeError):
            pass  # An earlier change took the place away.
    return values


PIECE = re.compile(r"\{\{-?|-?\}\}|\"[^\"\n]*\"|[A-Za-z_$.][\w.$]*|[()|]|:=|\s+|.", re.S)


def change_template(choose, text):
    """A template with pieces taken out, doubled or exchanged, mostly inside actions."""
    pieces = PIECE.findall(text)
    inside, depth = [], 0
    for index, piece in enumerate(pieces):
        if piece.startswith("{{"):
            depth = 1
        if depth and not piece.isspace():
            inside.append(index)
        if piece.endswith("}}"):
            depth = 0
    for _ in range(choose.randint(1, 2)):
        if not inside:
            break
        index, other = choose.choice(inside), choose.choice(inside)
        way = choose.randint(0, 4)
        if way == 0:
            pieces[index] = ""
        elif way == 1:
            pieces[index] += " " + pieces[index]
        elif way == 2:
            pieces[index] = pieces[other]
        elif way == 3:
            pieces[index] = choose.choice(["nil", "1", "1.5", '"x"', "(list 1 2)", "(dict)", ".nope", "$", ".Values", "end", "(", "|", "}}", "toYaml", "int"])
        else:
            pieces[index], pieces[other] = pieces[other], pieces[index]
    return "".join(pieces)


def changed_files(choose, folder):
    paths = []
    for root, _, names in os.walk(os.path.join(folder, "templates")):
        paths += [os.path.join(root, name) for name in names if name.endswith((".yaml", ".tpl", ".txt"))]
    changed = {}
    for path in choose.sample(sorted(paths), min(len(paths), 1)):
        try:
            text = open(path, newline="").read()
        except UnicodeDecodeError:
            continue
        changed[os.path.relpath(path, folder)] = change_template(choose, text)
    return changed


def load(folder, replace):
    if not replace:
        return helm.Chart.load(folder)
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w:gz", compresslevel=1) as tar:
        for root, _, names in os.walk(folder):
            for name in names:
                path = os.path.join(root, name)
                inner = os.path.relpath(path, folder)
                if inner not in replace:
                    tar.add(path, "t/" + inner, recursive=False)
        for inner, text in replace.items():
            data = text.encode()
            entry = tarfile.TarInfo("t/" + inner)
            entry.size = len(data)
            tar.addfile(entry, io.BytesIO(data))
    return helm.Chart.load_archive(packed.getvalue())


def theirs(request):
    options = {"name": "rel", "namespace": "ns", "is_upgrade": request["upgrade"], "revision": 2 if request["upgrade"] else 1}
    if request["kube_version"]:
        options["kube_version"] = request["kube_version"]
    if request["api_versions"]:
        options["api_versions"] = request["api_versions"]
    try:
        with load(request["chart"], request["replace"]) as chart:
            return {"files": json.loads(_native.call_string("helm_render", chart._raw(), json.dumps(request["values"]), json.dumps(options)))}
    except helm.HelmError as error:
        return {"error": str(error)}


def difference(ours, helms):
    if ours == helms:
        return None
    if "error" in ours and "error" in helms:
        # Helm gives errors of a schema in any order, and gets remote schemas itself.
        a, b = (side["error"] for side in (ours, helms))
        if "the schema(s)" in a and (sorted(a.split("\n")) == sorted(b.split("\n")) or "failing loading \"http" in a and "failing loading \"http" in b):
            return None
    if "error" in ours or "error" in helms:
        return f"ours: {ours.get('error', 'no error')}\n  helm: {helms.get('error', 'no error')}"
    for path in sorted(ours["files"].keys() | helms["files"].keys()):
        a, b = (side["files"].get(path) for side in (ours, helms))
        if a != b:
            if a is None or b is None:
                return f"{path}: only one side has it"
            lines = zip((a + "\n" * 3).split("\n"), (b + "\n" * 3).split("\n"))
            return f"{path}: " + next((f"ours {x!r}\n  helm {y!r}" for x, y in lines if x != y), "differs in length")
    return None


WORD = re.compile(r"[A-Za-z0-9+/=]{5,}")


def masked(side, first, second):
    """What is rendered, without the words of lines that differ between two renders by Helm; errors that differ are the same."""
    if "error" in first or "error" in second or "error" in side:
        return {"error": ""} if first != second and all("error" in it for it in (side, first, second)) else side
    files = {}
    for path, text in side["files"].items():
        lines = text.split("\n")
        a, b = (it["files"].get(path, "").split("\n") for it in (first, second))
        if a != b:
            same = len(a) == len(b) == len(lines)
            lines = [WORD.sub("*", line) if not same or a[i] != b[i] else line for i, line in enumerate(lines)]
        files[path] = "\n".join(lines)
    return {"files": files}


def charts(folder):
    for root, folders, names in os.walk(folder):
        if "Chart.yaml" in names:
            yield root
            folders[:] = []


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--render", required=True)
    parser.add_argument("--charts", required=True)
    parser.add_argument("--count", type=int, default=10)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only", default="")
    parser.add_argument("--templates", action="store_true")
    parser.add_argument("--out", help="differences with their requests, one a line")
    options = parser.parse_args()
    server = subprocess.Popen([options.render], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1)
    tried = failed = changed = 0
    seen = set()
    out = open(options.out, "w") if options.out else None
    for folder in sorted(it for it in charts(os.path.abspath(options.charts)) if options.only in it):
        choose = random.Random(f"{options.seed} {os.path.basename(folder)}")
        try:
            with helm.Chart.load(folder) as chart:
                own = helm.values_from_yaml(open(os.path.join(folder, "values.yaml")).read()) or {}
        except (helm.HelmError, OSError):
            own = {}
        for _ in range(options.count):
            request = {
                "chart": folder,
                "values": change_values(choose, own) if not options.templates else {},
                "kube_version": choose.choice(VERSIONS),
                "api_versions": choose.sample(APIS, choose.choice([0, 0, 1, 3])),
                "upgrade": choose.random() < 0.2,
                "replace": changed_files(choose, folder) if options.templates else {},
            }
            helms = theirs(request)
            server.stdin.write(json.dumps(request) + "\n")
            answer = server.stdout.readline()
            if not answer:
                sys.exit(f"render ended at {json.dumps(request)}")
            ours = json.loads(answer)
            tried += 1
            failed += "error" in helms
            found = difference(ours, helms)
            if found and difference(again := theirs(request), helms):
                changed += 1  # Helm itself differs from run to run: what is random there is not compared.
                found = difference(masked(ours, again, helms), masked(helms, again, helms))
            if not found:
                continue
            short = re.sub(r"[\w./-]*templates/[\w./-]*|\d+", "#", found)[:300]
            if short in seen:
                continue
            seen.add(short)
            print(f"{os.path.relpath(folder, options.charts)}\n  {found[:1500]}", flush=True)
            if out:
                out.write(json.dumps(request | {"found": found}) + "\n")
                out.flush()
    print(f"{tried} renders, {failed} of them errors in Helm, {changed} differ from run to run; {len(seen)} differences of other kinds")
    server.stdin.close()


if __name__ == "__main__":
    main()
