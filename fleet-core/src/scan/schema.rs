//! The keys of fleet.yaml and of the targets file, with their types, as Fleet's structs have them.
//!
//! One table serves reading (types, unknown keys, the likely key) and programs that offer completion. A `direct` key is a
//! field of the struct itself and not of one embedded in it: Fleet's YAML reader turns numbers and booleans into text only
//! along direct fields, see `decode`.

use crate::api::{CUSTOMIZE_ALL_MATCHES, CUSTOMIZE_FIRST_MATCH};

/// The type of a value.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub enum Shape {
    /// A text.
    Text,
    /// One of a few words. Others are read too, as texts, and are worth a warning.
    Choice(&'static [&'static str]),
    /// A boolean.
    Boolean,
    /// A whole number of 64 bits.
    Integer,
    /// A whole number of 32 bits, or a text such as `10%`.
    IntegerOrText,
    /// A duration as Go prints it, such as `5m0s`.
    Duration,
    /// A map with anything in it; its numbers are floating-point.
    Free,
    /// A map of texts.
    Texts,
    /// A list of one type.
    List(&'static Self),
    /// A struct.
    Record(&'static Record),
    /// A list of structs.
    Records(&'static Record),
}

/// A struct.
#[derive(Clone, Copy, Debug)]
pub struct Record {
    /// What it is called in messages.
    pub name: &'static str,
    /// Its own fields.
    pub direct: &'static [&'static [Field]],
    /// The fields of the structs that are embedded in it.
    pub embedded: &'static [&'static [Field]],
}

/// One field of a [`Record`].
#[derive(Clone, Copy, Debug)]
pub struct Field {
    /// The JSON name.
    pub name: &'static str,
    /// The type.
    pub shape: Shape,
    /// Whether it is for Fleet's own use: read where it is given, and worth a warning in a file that a person wrote.
    pub internal: bool,
}

impl Record {
    /// All fields.
    pub fn all(&self) -> impl Iterator<Item = &'static Field> + use<> {
        self.direct.iter().chain(self.embedded).flat_map(|fields| fields.iter())
    }

    /// Whether the struct itself declares the field, and not one that it embeds.
    pub fn is_direct(&self, field: &Field) -> bool {
        self.direct
            .iter()
            .any(|fields| fields.iter().any(|own| own.name == field.name))
    }

    /// The field of this key: the same letters, else the same letters in another case (Go's encoding/json).
    pub fn field(&self, key: &str) -> Option<&'static Field> {
        self.all()
            .find(|field| field.name == key)
            .or_else(|| self.all().find(|field| field.name.eq_ignore_ascii_case(key)))
    }
}

const fn field(name: &'static str, shape: Shape) -> Field {
    Field {
        name,
        shape,
        internal: false,
    }
}

const fn internal(name: &'static str, shape: Shape) -> Field {
    Field {
        name,
        shape,
        internal: true,
    }
}

/// The states that `dependsOn[].acceptedStates` may name, as Fleet lists them in its message.
pub(super) const STATES: [&str; 7] = [
    "Ready",
    "NotReady",
    "Pending",
    "OutOfSync",
    "Modified",
    "WaitApplied",
    "ErrApplied",
];

const TEXT_LIST: Shape = Shape::List(&Shape::Text);

static SELECTOR_REQUIREMENT: Record = Record {
    name: "selector requirement",
    direct: &[&[
        field("key", Shape::Text),
        field("operator", Shape::Choice(&["In", "NotIn", "Exists", "DoesNotExist"])),
        field("values", TEXT_LIST),
    ]],
    embedded: &[],
};

static SELECTOR: Record = Record {
    name: "selector",
    direct: &[&[
        field("matchLabels", Shape::Texts),
        field("matchExpressions", Shape::Records(&SELECTOR_REQUIREMENT)),
    ]],
    embedded: &[],
};

/// The five criteria that choose clusters.
const CRITERIA: &[Field] = &[
    field("name", Shape::Text),
    field("clusterName", Shape::Text),
    field("clusterSelector", Shape::Record(&SELECTOR)),
    field("clusterGroup", Shape::Text),
    field("clusterGroupSelector", Shape::Record(&SELECTOR)),
];

static GIT_TARGET: Record = Record {
    name: "override target",
    direct: &[CRITERIA],
    embedded: &[],
};

static VALUES_REFERENCE: Record = Record {
    name: "reference",
    direct: &[&[
        field("name", Shape::Text),
        field("namespace", Shape::Text),
        field("key", Shape::Text),
    ]],
    embedded: &[],
};

static VALUES_FROM: Record = Record {
    name: "valuesFrom entry",
    direct: &[&[
        field("configMapKeyRef", Shape::Record(&VALUES_REFERENCE)),
        field("secretKeyRef", Shape::Record(&VALUES_REFERENCE)),
    ]],
    embedded: &[],
};

/// `helm`.
static HELM: Record = Record {
    name: "helm options",
    direct: &[&[
        field("valuesFiles", TEXT_LIST),
        field("chart", Shape::Text),
        field("repo", Shape::Text),
        field("releaseName", Shape::Text),
        field("version", Shape::Text),
        field("timeoutSeconds", Shape::Integer),
        field("values", Shape::Free),
        field("templateValues", Shape::Texts),
        field("valuesFrom", Shape::Records(&VALUES_FROM)),
        field("force", Shape::Boolean),
        field("takeOwnership", Shape::Boolean),
        field("maxHistory", Shape::Integer),
        field("waitForJobs", Shape::Boolean),
        field("atomic", Shape::Boolean),
        field("disablePreProcess", Shape::Boolean),
        field("disableDNS", Shape::Boolean),
        field("skipSchemaValidation", Shape::Boolean),
        field("disableDependencyUpdate", Shape::Boolean),
    ]],
    embedded: &[],
};

static YAML: Record = Record {
    name: "yaml options",
    direct: &[&[field("overlays", TEXT_LIST)]],
    embedded: &[],
};

static KUSTOMIZE: Record = Record {
    name: "kustomize options",
    direct: &[&[field("dir", Shape::Text)]],
    embedded: &[],
};

static OPERATION: Record = Record {
    name: "operation",
    direct: &[&[
        field("op", Shape::Text),
        field("path", Shape::Text),
        field("value", Shape::Text),
    ]],
    embedded: &[],
};

static COMPARE_PATCH: Record = Record {
    name: "compare patch",
    direct: &[&[
        field("apiVersion", Shape::Text),
        field("kind", Shape::Text),
        field("name", Shape::Text),
        field("namespace", Shape::Text),
        field("jsonPointers", TEXT_LIST),
        field("operations", Shape::Records(&OPERATION)),
    ]],
    embedded: &[],
};

static DIFF: Record = Record {
    name: "diff options",
    direct: &[&[field("comparePatches", Shape::Records(&COMPARE_PATCH))]],
    embedded: &[],
};

static IGNORE: Record = Record {
    name: "ignore options",
    direct: &[&[field("conditions", Shape::List(&Shape::Texts))]],
    embedded: &[],
};

static CORRECT_DRIFT: Record = Record {
    name: "drift correction",
    direct: &[&[
        field("enabled", Shape::Boolean),
        field("force", Shape::Boolean),
        field("keepFailHistory", Shape::Boolean),
    ]],
    embedded: &[],
};

static DOWNSTREAM_RESOURCE: Record = Record {
    name: "downstream resource",
    direct: &[&[field("kind", Shape::Text), field("name", Shape::Text)]],
    embedded: &[],
};

static OVERWRITE: Record = Record {
    name: "overwritten resource",
    direct: &[&[
        field("name", Shape::Text),
        field("namespace", Shape::Text),
        field("kind", Shape::Text),
    ]],
    embedded: &[],
};

/// What says how a bundle is deployed; a bundle and each of its targets have these.
const DEPLOYMENT_OPTIONS: &[Field] = &[
    field("yaml", Shape::Record(&YAML)),
    field("kustomize", Shape::Record(&KUSTOMIZE)),
    field("defaultNamespace", Shape::Text),
    field("namespace", Shape::Text),
    field("helm", Shape::Record(&HELM)),
    field("serviceAccount", Shape::Text),
    field("createNamespace", Shape::Boolean),
    field("forceSyncGeneration", Shape::Integer),
    field("diff", Shape::Record(&DIFF)),
    field("keepResources", Shape::Boolean),
    field("deleteNamespace", Shape::Boolean),
    field("ignore", Shape::Record(&IGNORE)),
    field("correctDrift", Shape::Record(&CORRECT_DRIFT)),
    field("namespaceLabels", Shape::Texts),
    field("namespaceAnnotations", Shape::Texts),
    field("deleteCRDResources", Shape::Boolean),
    field("downstreamResources", Shape::Records(&DOWNSTREAM_RESOURCE)),
    internal("overwrites", Shape::Records(&OVERWRITE)),
    internal("allowedTargetNamespaceSelector", Shape::Record(&SELECTOR)),
];

/// A target's own fields; namespace labels and annotations hide those of the embedded options.
static TARGET: Record = Record {
    name: "target",
    direct: &[
        CRITERIA,
        &[
            field("doNotDeploy", Shape::Boolean),
            field("namespaceLabels", Shape::Texts),
            field("namespaceAnnotations", Shape::Texts),
        ],
    ],
    embedded: &[DEPLOYMENT_OPTIONS],
};

static PARTITION: Record = Record {
    name: "partition",
    direct: &[&[
        field("name", Shape::Text),
        field("maxUnavailable", Shape::IntegerOrText),
        field("clusterName", Shape::Text),
        field("clusterSelector", Shape::Record(&SELECTOR)),
        field("clusterGroup", Shape::Text),
        field("clusterGroupSelector", Shape::Record(&SELECTOR)),
    ]],
    embedded: &[],
};

static ROLLOUT_STRATEGY: Record = Record {
    name: "rollout strategy",
    direct: &[&[
        field("maxUnavailable", Shape::IntegerOrText),
        field("maxUnavailablePartitions", Shape::IntegerOrText),
        field("autoPartitionSize", Shape::IntegerOrText),
        field("autoPartitionThreshold", Shape::Integer),
        field("maxNew", Shape::Integer),
        field("partitions", Shape::Records(&PARTITION)),
    ]],
    embedded: &[],
};

static DEPENDENCY: Record = Record {
    name: "dependency",
    direct: &[&[
        field("name", Shape::Text),
        field("selector", Shape::Record(&SELECTOR)),
        field("acceptedStates", Shape::List(&Shape::Choice(&STATES))),
    ]],
    embedded: &[],
};

static RESOURCE: Record = Record {
    name: "resource",
    direct: &[&[
        field("name", Shape::Text),
        field("content", Shape::Text),
        field("encoding", Shape::Text),
    ]],
    embedded: &[],
};

static HELM_OP_OPTIONS: Record = Record {
    name: "HelmOp options",
    direct: &[&[
        field("helmOpSecretName", Shape::Text),
        field("helmOpInsecureSkipTLSVerify", Shape::Boolean),
        field("helmOpCABundle", Shape::Text),
    ]],
    embedded: &[],
};

const BUNDLE_SPEC_FIELDS: &[Field] = &[
    field("paused", Shape::Boolean),
    field("rolloutStrategy", Shape::Record(&ROLLOUT_STRATEGY)),
    internal("resources", Shape::Records(&RESOURCE)),
    field(
        "targetCustomizationMode",
        Shape::Choice(&[CUSTOMIZE_FIRST_MATCH, CUSTOMIZE_ALL_MATCHES]),
    ),
    field("targets", Shape::Records(&TARGET)),
    internal("targetRestrictions", Shape::Records(&GIT_TARGET)),
    field("dependsOn", Shape::Records(&DEPENDENCY)),
    internal("contentsId", Shape::Text),
    internal("helmOpOptions", Shape::Record(&HELM_OP_OPTIONS)),
    internal("valuesHash", Shape::Text),
];

static SECRET_REFERENCE: Record = Record {
    name: "secret reference",
    direct: &[&[field("name", Shape::Text)]],
    embedded: &[],
};

static SEMVER_POLICY: Record = Record {
    name: "semver policy",
    direct: &[&[field("range", Shape::Text)]],
    embedded: &[],
};

static ALPHABETICAL_POLICY: Record = Record {
    name: "alphabetical policy",
    direct: &[&[field("order", Shape::Text)]],
    embedded: &[],
};

static IMAGE_POLICY: Record = Record {
    name: "image policy",
    direct: &[&[
        field("semver", Shape::Record(&SEMVER_POLICY)),
        field("alphabetical", Shape::Record(&ALPHABETICAL_POLICY)),
    ]],
    embedded: &[],
};

static IMAGE_SCAN: Record = Record {
    name: "image scan",
    direct: &[&[field("name", Shape::Text)]],
    embedded: &[&[
        field("tagName", Shape::Text),
        field("gitrepoName", Shape::Text),
        field("image", Shape::Text),
        field("interval", Shape::Duration),
        field("secretRef", Shape::Record(&SECRET_REFERENCE)),
        field("suspend", Shape::Boolean),
        field("policy", Shape::Record(&IMAGE_POLICY)),
    ]],
};

/// fleet.yaml. `annotations` is undocumented upstream: the file is also read as an object's metadata.
pub static FLEET_YAML: Record = Record {
    name: "fleet.yaml",
    direct: &[&[
        field("name", Shape::Text),
        field("targetCustomizations", Shape::Records(&TARGET)),
        field("imageScans", Shape::Records(&IMAGE_SCAN)),
        field("overrideTargets", Shape::Records(&GIT_TARGET)),
    ]],
    embedded: &[
        &[field("labels", Shape::Texts), field("annotations", Shape::Texts)],
        BUNDLE_SPEC_FIELDS,
        DEPLOYMENT_OPTIONS,
    ],
};

/// The spec of a Bundle, of which a targets file is a part.
pub static BUNDLE_SPEC: Record = Record {
    name: "bundle",
    direct: &[BUNDLE_SPEC_FIELDS],
    embedded: &[DEPLOYMENT_OPTIONS],
};
