//! Typed values to Go's JSON: a serde serializer over the writer.

use std::fmt::Display;

use base64::Engine as _;
use serde::ser::{self, Serialize};

use super::super::YamlError;
use super::super::number::format_json;
use super::Writer;

/// `serde_json` hands over numbers of its feature `arbitrary_precision` as a struct of this name.
const PRECISE_NUMBER: &str = "$serde_json::private::Number";

#[derive(Debug)]
pub(super) struct Error(pub(super) YamlError);

impl Display for Error {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(formatter)
    }
}

impl std::error::Error for Error {}

impl ser::Error for Error {
    fn custom<T: Display>(message: T) -> Self {
        Self(YamlError::Serialize(message.to_string()))
    }
}

pub(super) struct Serializer<'w, 'o> {
    pub(super) writer: &'w mut Writer<'o>,
}

impl<'o> Serializer<'_, 'o> {
    fn text(self, text: &str) -> Result<(), Error> {
        self.writer.out.push_str(text);
        Ok(())
    }

    /// Begins `{"variant":`, which the caller closes.
    fn variant(writer: &mut Writer<'o>, variant: &str) {
        writer.open('{');
        writer.separate(true);
        writer.key(variant);
    }
}

impl<'w, 'o> ser::Serializer for Serializer<'w, 'o> {
    type Ok = ();
    type Error = Error;
    type SerializeSeq = List<'w, 'o>;
    type SerializeTuple = List<'w, 'o>;
    type SerializeTupleStruct = List<'w, 'o>;
    type SerializeTupleVariant = List<'w, 'o>;
    type SerializeMap = Entries<'w, 'o>;
    type SerializeStruct = Entries<'w, 'o>;
    type SerializeStructVariant = Entries<'w, 'o>;

    fn serialize_bool(self, value: bool) -> Result<(), Error> {
        self.text(if value { "true" } else { "false" })
    }

    fn serialize_i8(self, value: i8) -> Result<(), Error> {
        self.text(&value.to_string())
    }

    fn serialize_i16(self, value: i16) -> Result<(), Error> {
        self.text(&value.to_string())
    }

    fn serialize_i32(self, value: i32) -> Result<(), Error> {
        self.text(&value.to_string())
    }

    fn serialize_i64(self, value: i64) -> Result<(), Error> {
        self.text(&value.to_string())
    }

    fn serialize_u8(self, value: u8) -> Result<(), Error> {
        self.text(&value.to_string())
    }

    fn serialize_u16(self, value: u16) -> Result<(), Error> {
        self.text(&value.to_string())
    }

    fn serialize_u32(self, value: u32) -> Result<(), Error> {
        self.text(&value.to_string())
    }

    fn serialize_u64(self, value: u64) -> Result<(), Error> {
        self.text(&value.to_string())
    }

    fn serialize_f32(self, value: f32) -> Result<(), Error> {
        // The shortest digits are those of the 32-bit number, not of its 64-bit neighbour.
        self.serialize_f64(value.to_string().parse().unwrap_or(f64::from(value)))
    }

    fn serialize_f64(self, value: f64) -> Result<(), Error> {
        match format_json(value) {
            Some(text) => self.text(&text),
            None => Err(Error(YamlError::UnsupportedValue(super::super::number::format_g(
                value,
            )))),
        }
    }

    fn serialize_char(self, value: char) -> Result<(), Error> {
        self.serialize_str(value.encode_utf8(&mut [0; 4]))
    }

    fn serialize_str(self, value: &str) -> Result<(), Error> {
        self.writer.string(value);
        Ok(())
    }

    fn serialize_bytes(self, value: &[u8]) -> Result<(), Error> {
        self.serialize_str(&base64::engine::general_purpose::STANDARD.encode(value))
    }

    fn serialize_none(self) -> Result<(), Error> {
        self.text("null")
    }

    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Result<(), Error> {
        value.serialize(self)
    }

    fn serialize_unit(self) -> Result<(), Error> {
        self.text("null")
    }

    fn serialize_unit_struct(self, _name: &'static str) -> Result<(), Error> {
        self.text("null")
    }

    fn serialize_unit_variant(self, _name: &'static str, _index: u32, variant: &'static str) -> Result<(), Error> {
        self.serialize_str(variant)
    }

    fn serialize_newtype_struct<T: Serialize + ?Sized>(self, _name: &'static str, value: &T) -> Result<(), Error> {
        value.serialize(self)
    }

    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        _name: &'static str,
        _index: u32,
        variant: &'static str,
        value: &T,
    ) -> Result<(), Error> {
        Self::variant(self.writer, variant);
        value.serialize(Serializer { writer: self.writer })?;
        self.writer.close('}', false);
        Ok(())
    }

    fn serialize_seq(self, _length: Option<usize>) -> Result<List<'w, 'o>, Error> {
        self.writer.open('[');
        Ok(List {
            writer: self.writer,
            empty: true,
            variant: false,
        })
    }

    fn serialize_tuple(self, length: usize) -> Result<List<'w, 'o>, Error> {
        self.serialize_seq(Some(length))
    }

    fn serialize_tuple_struct(self, _name: &'static str, length: usize) -> Result<List<'w, 'o>, Error> {
        self.serialize_seq(Some(length))
    }

    fn serialize_tuple_variant(
        self,
        _name: &'static str,
        _index: u32,
        variant: &'static str,
        _length: usize,
    ) -> Result<List<'w, 'o>, Error> {
        Self::variant(self.writer, variant);
        self.writer.open('[');
        Ok(List {
            writer: self.writer,
            empty: true,
            variant: true,
        })
    }

    /// serde's `flatten` hands over structs as maps of unknown length: those keep their order.
    fn serialize_map(self, length: Option<usize>) -> Result<Entries<'w, 'o>, Error> {
        self.writer.open('{');
        let sorted = length.map(|length| Vec::with_capacity(length.min(1024)));
        Ok(Entries {
            writer: self.writer,
            empty: true,
            sorted,
            key: None,
            variant: false,
            precise: false,
        })
    }

    fn serialize_struct(self, name: &'static str, _length: usize) -> Result<Entries<'w, 'o>, Error> {
        let precise = name == PRECISE_NUMBER;
        if !precise {
            self.writer.open('{');
        }
        Ok(Entries {
            writer: self.writer,
            empty: true,
            sorted: None,
            key: None,
            variant: false,
            precise,
        })
    }

    fn serialize_struct_variant(
        self,
        _name: &'static str,
        _index: u32,
        variant: &'static str,
        _length: usize,
    ) -> Result<Entries<'w, 'o>, Error> {
        Self::variant(self.writer, variant);
        self.writer.open('{');
        Ok(Entries {
            writer: self.writer,
            empty: true,
            sorted: None,
            key: None,
            variant: true,
            precise: false,
        })
    }
}

pub(super) struct List<'w, 'o> {
    writer: &'w mut Writer<'o>,
    empty: bool,
    variant: bool,
}

impl List<'_, '_> {
    fn item<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Error> {
        self.writer.separate(self.empty);
        self.empty = false;
        value.serialize(Serializer { writer: self.writer })
    }

    fn finish(self) {
        self.writer.close(']', self.empty);
        if self.variant {
            self.writer.close('}', false);
        }
    }
}

/// The traits of serde for lists differ in a method's name only.
macro_rules! list {
    ($name:ident, $method:ident) => {
        impl ser::$name for List<'_, '_> {
            type Ok = ();
            type Error = Error;

            fn $method<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Error> {
                self.item(value)
            }

            fn end(self) -> Result<(), Error> {
                self.finish();
                Ok(())
            }
        }
    };
}

list!(SerializeSeq, serialize_element);
list!(SerializeTuple, serialize_element);
list!(SerializeTupleStruct, serialize_field);
list!(SerializeTupleVariant, serialize_field);

pub(super) struct Entries<'w, 'o> {
    writer: &'w mut Writer<'o>,
    empty: bool,
    /// Keys and printed values, where they are to be sorted.
    sorted: Option<Vec<(String, String)>>,
    key: Option<String>,
    variant: bool,
    precise: bool,
}

impl Entries<'_, '_> {
    fn entry<T: Serialize + ?Sized>(&mut self, key: &str, value: &T) -> Result<(), Error> {
        if self.precise {
            let number = serde_json::to_value(value).map_err(ser::Error::custom)?;
            self.writer.out.push_str(number.as_str().unwrap_or("0"));
            return Ok(());
        }
        match &mut self.sorted {
            Some(entries) => {
                let begun = self.writer.out.len();
                value.serialize(Serializer { writer: self.writer })?;
                entries.push((key.to_owned(), self.writer.out.split_off(begun)));
            }
            None => {
                self.writer.separate(self.empty);
                self.writer.key(key);
                value.serialize(Serializer { writer: self.writer })?;
            }
        }
        self.empty = false;
        Ok(())
    }

    fn finish(mut self) {
        if self.precise {
            return;
        }
        if let Some(mut entries) = self.sorted.take() {
            entries.sort_by(|a, b| a.0.cmp(&b.0));
            for (index, (key, value)) in entries.iter().enumerate() {
                self.writer.separate(index == 0);
                self.writer.key(key);
                self.writer.out.push_str(value);
            }
        }
        self.writer.close('}', self.empty);
        if self.variant {
            self.writer.close('}', false);
        }
    }
}

impl ser::SerializeMap for Entries<'_, '_> {
    type Ok = ();
    type Error = Error;

    fn serialize_key<T: Serialize + ?Sized>(&mut self, key: &T) -> Result<(), Error> {
        // A key is what it prints as, without quotes: texts, numbers and booleans.
        let text = match serde_json::to_value(key).map_err(ser::Error::custom)? {
            serde_json::Value::String(text) => text,
            serde_json::Value::Number(number) => number.to_string(),
            serde_json::Value::Bool(value) => value.to_string(),
            _ => return Err(ser::Error::custom("unsupported type of a map's key")),
        };
        self.key = Some(text);
        Ok(())
    }

    fn serialize_value<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Error> {
        let key = self.key.take().unwrap_or_default();
        self.entry(&key, value)
    }

    fn end(self) -> Result<(), Error> {
        self.finish();
        Ok(())
    }
}

impl ser::SerializeStruct for Entries<'_, '_> {
    type Ok = ();
    type Error = Error;

    fn serialize_field<T: Serialize + ?Sized>(&mut self, key: &'static str, value: &T) -> Result<(), Error> {
        self.entry(key, value)
    }

    fn end(self) -> Result<(), Error> {
        self.finish();
        Ok(())
    }
}

impl ser::SerializeStructVariant for Entries<'_, '_> {
    type Ok = ();
    type Error = Error;

    fn serialize_field<T: Serialize + ?Sized>(&mut self, key: &'static str, value: &T) -> Result<(), Error> {
        self.entry(key, value)
    }

    fn end(self) -> Result<(), Error> {
        self.finish();
        Ok(())
    }
}
