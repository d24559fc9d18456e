//! Tree to bundles: `fleet.yaml`, naming, resource packing.
