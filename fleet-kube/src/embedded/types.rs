//! Fields of Kubernetes' built-in types: what field validation, server-side apply, protobuf and OpenAPI read.
//!
//! Read once from `data/types.tsv` (made by `data/generate.py` from Kubernetes v1.36.3's OpenAPI document and protobuf
//! files) and shared by all servers of the process.

use std::collections::HashMap;
use std::sync::OnceLock;

/// Index of a struct in [`Types`].
pub(super) type StructId = usize;

/// What a field holds.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Type {
    String,
    /// 32 bits where true is not set, else 64.
    Integer {
        long: bool,
    },
    Boolean,
    Float,
    Bytes,
    Time,
    MicroTime,
    Quantity,
    IntOrString,
    Duration,
    /// Any JSON value.
    Raw,
    Struct(StructId),
    List(Box<Type>),
    Map(Box<Type>),
    /// A list that protobuf wraps in a message (`ExtraValue`, `Verbs`).
    Wrapped(Box<Type>),
}

/// How server-side apply sees a list (`x-kubernetes-list-type`).
#[derive(Debug, Clone, PartialEq)]
pub(super) enum ListKind {
    Atomic,
    Set,
    Map(Vec<String>),
}

/// One field of a struct.
#[derive(Debug, Clone)]
pub(super) struct Field {
    pub(super) name: String,
    /// The protobuf number; 0 where the field is in JSON only.
    pub(super) number: u32,
    pub(super) ty: Type,
    pub(super) required: bool,
    pub(super) list: ListKind,
    /// The field is owned as a whole (`x-kubernetes-map-type: atomic`).
    pub(super) atomic: bool,
    pub(super) merge_key: Option<String>,
    pub(super) patch_strategy: Option<String>,
    /// A pointer in Go: a zero value on the wire was meant.
    pub(super) pointer: bool,
    /// A message in protobuf whose fields stand in the parent in JSON.
    pub(super) embedded: bool,
}

/// A struct.
#[derive(Debug, Clone)]
pub(super) struct Struct {
    /// `apps.v1.Deployment`, `meta.v1.ObjectMeta`.
    pub(super) name: String,
    pub(super) atomic: bool,
    pub(super) fields: Vec<Field>,
    by_name: HashMap<String, usize>,
}

/// All structs.
#[derive(Debug, Default)]
pub(super) struct Types {
    structs: Vec<Struct>,
    by_name: HashMap<String, StructId>,
}

/// The types of this process.
pub(super) fn types() -> &'static Types {
    static TYPES: OnceLock<Types> = OnceLock::new();
    TYPES.get_or_init(|| Types::read(include_str!("data/types.tsv")))
}

impl Types {
    fn read(text: &str) -> Types {
        let mut types = Types::default();
        for header in text.lines().filter_map(|l| l.strip_prefix('=')) {
            let (name, flags) = header.split_once(' ').unwrap_or((header, ""));
            types.by_name.insert(name.to_owned(), types.structs.len());
            types.structs.push(Struct {
                name: name.to_owned(),
                atomic: flags.contains('^'),
                fields: Vec::new(),
                by_name: HashMap::new(),
            });
        }
        let mut current = 0;
        let mut started = false;
        for line in text.lines().filter(|l| !l.starts_with('#')) {
            if line.starts_with('=') {
                current += usize::from(started);
                started = true;
                continue;
            }
            let mut columns = line.split('\t');
            let (Some(name), Some(number), Some(ty)) = (columns.next(), columns.next(), columns.next()) else {
                continue;
            };
            let ty = types.parse_type(ty);
            let mut field = Field {
                name: name.to_owned(),
                number: number.parse().unwrap_or(0),
                ty,
                required: false,
                list: ListKind::Atomic,
                atomic: false,
                merge_key: None,
                patch_strategy: None,
                pointer: false,
                embedded: false,
            };
            for flag in columns.next().unwrap_or("").split(' ') {
                match flag {
                    "!" => field.required = true,
                    "^" => field.atomic = true,
                    "<" => field.embedded = true,
                    "*" => field.pointer = true,
                    "set" => field.list = ListKind::Set,
                    _ => {
                        if let Some(keys) = flag.strip_prefix("k=") {
                            field.list = ListKind::Map(keys.split(',').map(str::to_owned).collect());
                        } else if let Some(key) = flag.strip_prefix("m=") {
                            field.merge_key = Some(key.to_owned());
                        } else if let Some(strategy) = flag.strip_prefix("p=") {
                            field.patch_strategy = Some(strategy.to_owned());
                        }
                    }
                }
            }
            let structure = &mut types.structs[current];
            structure.by_name.insert(field.name.clone(), structure.fields.len());
            structure.fields.push(field);
        }
        types
    }

    fn parse_type(&self, text: &str) -> Type {
        let rest = text.get(1..).unwrap_or("");
        match text.as_bytes().first() {
            Some(b's') => Type::String,
            Some(b'i') => Type::Integer { long: false },
            Some(b'l') => Type::Integer { long: true },
            Some(b'b') => Type::Boolean,
            Some(b'f') => Type::Float,
            Some(b'y') => Type::Bytes,
            Some(b'T') => Type::Time,
            Some(b'M') => Type::MicroTime,
            Some(b'Q') => Type::Quantity,
            Some(b'I') => Type::IntOrString,
            Some(b'D') => Type::Duration,
            Some(b'[') => Type::List(Box::new(self.parse_type(rest))),
            Some(b'{') => Type::Map(Box::new(self.parse_type(rest))),
            Some(b'W') => Type::Wrapped(Box::new(self.parse_type(rest))),
            Some(b'@') => self.by_name.get(rest).map_or(Type::Raw, |id| Type::Struct(*id)),
            _ => Type::Raw,
        }
    }

    pub(super) fn get(&self, id: StructId) -> &Struct {
        &self.structs[id]
    }

    pub(super) fn named(&self, name: &str) -> Option<StructId> {
        self.by_name.get(name).copied()
    }

    /// The struct of a kind: `("apps", "v1", "Deployment")`.
    pub(super) fn of_kind(&self, group: &str, version: &str, kind: &str) -> Option<StructId> {
        let package = match group {
            "" => "core",
            // Kubernetes' packages are named after the first label of the group, with these exceptions.
            "flowcontrol.apiserver.k8s.io" => "flowcontrol",
            other => other.split('.').next().unwrap_or(other),
        };
        self.named(&format!("{package}.{version}.{kind}"))
    }

    /// A field as JSON has it: fields of embedded messages count as the struct's own.
    pub(super) fn field(&self, id: StructId, name: &str) -> Option<&Field> {
        let structure = self.get(id);
        if let Some(index) = structure.by_name.get(name)
            && !structure.fields[*index].embedded
        {
            return Some(&structure.fields[*index]);
        }
        structure.fields.iter().filter(|f| f.embedded).find_map(|f| match f.ty {
            Type::Struct(inner) => self.field(inner, name),
            _ => None,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_reference_resolves_and_known_fields_are_there() {
        for line in include_str!("data/types.tsv")
            .lines()
            .filter(|l| !l.starts_with(['#', '=']))
        {
            let ty = line.split('\t').nth(2).expect("because every line has a type");
            if let Some((_, name)) = ty.split_once('@') {
                assert!(types().named(name).is_some(), "{name}");
            }
        }
        let id = types()
            .of_kind("apps", "v1", "Deployment")
            .expect("because the table has it");
        let spec = types().field(id, "spec").expect("because the table has it");
        let Type::Struct(spec) = spec.ty else {
            panic!("{spec:?}")
        };
        assert_eq!(types().field(spec, "replicas").map(|f| f.number), Some(1));
        let volume = types().named("core.v1.Volume").expect("because the table has it");
        assert!(
            types().field(volume, "configMap").is_some(),
            "embedded sources count as own fields"
        );
    }
}
