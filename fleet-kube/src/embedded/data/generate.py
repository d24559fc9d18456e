"""Writes kinds.tsv and types.tsv, the facts about Kubernetes' built-in kinds that the embedded API server needs.

usage: generate.py API.json APIS.json SWAGGER.json PROTO_ROOT
  API.json, APIS.json  aggregated discovery (apidiscovery.k8s.io/v2) of /api and /apis of a kube-apiserver
  SWAGGER.json         api/openapi-spec/swagger.json of the same version of k8s.io/kubernetes
  PROTO_ROOT           a folder with the modules k8s.io/{api,apimachinery,apiextensions-apiserver,kube-aggregator}@VERSION
Made with Kubernetes v1.36.3. Only names, numbers and list types are taken: no descriptions.
"""
import glob, json, re, sys

api, apis, swagger, root = sys.argv[1:5]
PREFIX = [
    ("io.k8s.api.", ""), ("io.k8s.apimachinery.pkg.apis.meta.", "meta."), ("io.k8s.apimachinery.pkg.api.resource.", "resource!"),
    ("io.k8s.apimachinery.pkg.util.intstr.", "intstr."), ("io.k8s.apimachinery.pkg.runtime.", "runtime."),
    ("io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.", "apiextensions."),
    ("io.k8s.kube-aggregator.pkg.apis.apiregistration.", "apiregistration."), ("io.k8s.apimachinery.pkg.", "machinery."),
]
def short(name):
    for a, b in PREFIX:
        if name.startswith(a):
            return b + name[len(a):]
    return name

SPECIAL = {
    "meta.v1.Time": "T", "meta.v1.MicroTime": "M", "resource!Quantity": "Q", "intstr.IntOrString": "I", "runtime.RawExtension": "R",
    "apiextensions.v1.JSON": "R", "apiextensions.v1.JSONSchemaPropsOrBool": "R", "apiextensions.v1.JSONSchemaPropsOrArray": "R",
    "apiextensions.v1.JSONSchemaPropsOrStringArray": "R", "meta.v1.FieldsV1": "R", "meta.v1.Duration": "D",
}
# --- protobuf: message -> [(number, repeated, map, type, name)]
protos = {}
def package_short(package):
    m = re.match(r"k8s\.io\.api\.(.*)", package)
    if m: return m.group(1)
    for a, b in [("k8s.io.apimachinery.pkg.apis.meta.", "meta."), ("k8s.io.apimachinery.pkg.api.resource", "resource!"),
                 ("k8s.io.apimachinery.pkg.util.intstr", "intstr."), ("k8s.io.apimachinery.pkg.runtime", "runtime."),
                 ("k8s.io.apiextensions_apiserver.pkg.apis.apiextensions.", "apiextensions."),
                 ("k8s.io.kube_aggregator.pkg.apis.apiregistration.", "apiregistration.")]:
        if package.startswith(a): return b + package[len(a):]
    return package
def message_name(package, name):
    p = package_short(package)
    return p + name if p.endswith(("!", ".")) else p + "." + name
for path in [p for m in ("api", "apimachinery", "apiextensions-apiserver", "kube-aggregator") for p in glob.glob(f"{root}/{m}@*/**/generated.proto", recursive=True)]:
    text = open(path).read()
    package = re.search(r"^package (\S+);", text, re.M).group(1)
    for m in re.finditer(r"^message (\w+) \{(.*?)^\}", text, re.M | re.S):
        rows = []
        for f in re.finditer(r"^  (optional|repeated|map<string, *(\S+)>) ?(\S+)? (\w+) = (\d+);", m.group(2), re.M):
            kind = f.group(2) if f.group(2) else f.group(3)
            kind = kind.lstrip(".")
            if "." in kind:
                pk, n = kind.rsplit(".", 1)
                kind = message_name(pk, n)
            elif kind[0].isupper():
                kind = message_name(package, kind)
            rows.append((int(f.group(5)), f.group(1) == "repeated", bool(f.group(2)), kind, f.group(4)))
        protos[message_name(package, m.group(1))] = rows

definitions = {short(k): v for k, v in json.load(open(swagger))["definitions"].items()}
PRIMITIVE = {"string": "s", "bool": "b", "int32": "i", "int64": "l", "double": "f", "bytes": "y", "uint32": "i", "uint64": "l"}
out, todo, seen = [], [], set()

def of_schema(s):
    if "$ref" in s:
        n = short(s["$ref"].split("/")[-1])
        if n in SPECIAL: return SPECIAL[n]
        d = definitions[n]
        if d.get("type") == "object" and "properties" not in d and "additionalProperties" not in d and n not in protos: return "R"
        if d.get("type", "object") != "object": return of_schema(d)
        todo.append(n)
        return "@" + n
    t = s.get("type")
    if t == "array": return "[" + of_schema(s["items"])
    if t == "object": return "{" + (of_schema(s["additionalProperties"]) if "additionalProperties" in s else "R")
    if t == "string": return "y" if s.get("format") == "byte" else "s"
    if t == "integer": return "l" if s.get("format") == "int64" else "i"
    if t == "boolean": return "b"
    if t == "number": return "f"
    return "R"
def of_proto(kind):
    if kind in PRIMITIVE: return PRIMITIVE[kind]
    if kind in SPECIAL: return SPECIAL[kind]
    rows = protos.get(kind, [])
    if len(rows) == 1 and rows[0][4] == "items" and rows[0][1] and kind not in definitions: return "W" + of_proto(rows[0][3])
    todo.append(kind)
    return "@" + kind

def emit(n):
    d = definitions.get(n, {})
    props = d.get("properties", {})
    required = set(d.get("required", []))
    lines, done = [], set()
    for number, repeated, mapped, kind, name in protos.get(n, []):
        if name not in props and name != "items":
            t = of_proto(kind)
            if props and t.startswith("@") and not repeated and not mapped:
                lines.append((name, number, t, "<"))  # embedded: its fields stand in ours in JSON
                continue
            t = ("[" if repeated else "{" if mapped else "") + t
            lines.append((name, number, t, ""))
            continue
        lines.append((name, number, None, ""))
        done.add(name)
    embedded = set()
    for name, _, t, flag in lines:
        if flag == "<": embedded |= fields_of(t[1:])
    rows = []
    for name, number, t, flags in lines + [(p, 0, None, "") for p in props if p not in done and p not in embedded]:
        s = props.get(name, {})
        if t is None:
            proto = next((p for p in protos.get(n, []) if p[4] == name), None)
            wrapped = proto and of_proto(proto[3]).startswith("W") and not proto[1]
            t = of_schema(s) if s else ("[" + of_proto(proto[3]))
            if wrapped: t = "W" + t[1:]
            if proto and proto[2] and of_proto(proto[3]).startswith("W"): t = "{" + of_proto(proto[3])
        f = flags
        if name in required: f += "!"
        if (n, name) in pointers: f += " *"
        if s.get("x-kubernetes-list-type") == "map": f += " k=" + ",".join(s.get("x-kubernetes-list-map-keys", []))
        elif s.get("x-kubernetes-list-type") == "set": f += " set"
        if s.get("x-kubernetes-map-type") == "atomic" : f += " ^"
        if s.get("x-kubernetes-patch-merge-key"): f += " m=" + s["x-kubernetes-patch-merge-key"]
        if s.get("x-kubernetes-patch-strategy"): f += " p=" + s["x-kubernetes-patch-strategy"]
        rows.append((name, str(number), t, f.strip()))
    out.append("=" + n + (" ^" if d.get("x-kubernetes-map-type") == "atomic" else "") + (" u" if d.get("x-kubernetes-unions") else ""))
    out.extend("\t".join(r).rstrip("\t") for r in rows)
def fields_of(n):
    r = set(definitions.get(n, {}).get("properties", {}))
    for p in protos.get(n, []): r.add(p[4])
    return r

# --- Go: which fields are pointers, so that a zero on the protobuf wire was meant
pointers = set()
GO = [("api@*/", lambda p: ".".join(p.split("/")[-3:-1])), ("apimachinery@*/pkg/apis/", lambda p: "meta." + p.split("/")[-2]),
      ("apiextensions-apiserver@*/pkg/apis/apiextensions/", lambda p: "apiextensions." + p.split("/")[-2]),
      ("kube-aggregator@*/pkg/apis/apiregistration/", lambda p: "apiregistration." + p.split("/")[-2])]
for where, package_of in GO:
    for path in glob.glob(f"{root}/{where}**/types*.go", recursive=True):
        for m in re.finditer(r"^type (\w+) struct \{(.*?)^\}", open(path).read(), re.M | re.S):
            for f in re.finditer(r"^\t\w+\s+\*\S+\s+`json:\"(\w+)", m.group(2), re.M):
                pointers.add((package_of(path) + "." + m.group(1), f.group(1)))

kinds = []
for path in (api, apis):
    for g in json.load(open(path))["items"]:
        for v in g["versions"]:
            group = g["metadata"].get("name", "")
            for r in v["resources"]:
                rk = r["responseKind"]
                subs = [":".join([s["subresource"], "/".join([(s.get("responseKind") or {}).get(k, "") for k in ("group", "version", "kind")]), ",".join(s["verbs"])]) for s in r.get("subresources", [])]
                kinds.append("\t".join([group, v["version"], r["resource"], r["singularResource"], "/".join([rk["group"] or group, rk["version"] or v["version"], rk["kind"]]),
                    "N" if r["scope"] == "Namespaced" else "C", ",".join(r.get("shortNames", [])), ",".join(r.get("categories", [])), ",".join(r["verbs"]), ";".join(subs)]))
gvk = {}
for n, d in definitions.items():
    for x in d.get("x-kubernetes-group-version-kind", []):
        gvk.setdefault((x["group"], x["version"], x["kind"]), n)
for line in kinds:
    c = line.split("\t")
    for k in [c[4]] + [s.split(":")[1] for s in c[9].split(";") if s]:
        g, v, kind = k.split("/")
        n = gvk.get((g, v or c[1], kind)) or gvk.get((c[0], c[1], kind))
        if n: todo.append(n)
todo += ["meta.v1.DeleteOptions", "meta.v1.ListMeta", "meta.v1.Status"]
while todo:
    n = todo.pop()
    if n in seen or n in SPECIAL: continue
    seen.add(n)
    emit(n)
blocks, current = [], []
for line in out:
    if line.startswith("=") and current: blocks.append(current); current = []
    current.append(line)
blocks.append(current)
blocks.sort()
open("types.tsv", "w").write("# Fields of Kubernetes v1.36.3 types: name, protobuf number, type, flags. See generate.py.\n" + "\n".join(l for b in blocks for l in b) + "\n")
open("kinds.tsv", "w").write("# group, version, resource, singular, group/version/kind, scope, short names, categories, verbs, subresources. Kubernetes v1.36.3; see generate.py.\n" + "\n".join(kinds) + "\n")
