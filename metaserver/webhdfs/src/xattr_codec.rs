//! How values of extended attributes are written in text: `org.apache.hadoop.fs.XAttrCodec`.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;

use crate::error::Refusal;

/// XAttrCodec.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Encoding {
    /// In double quotes.
    Text,
    /// After `0x`.
    Hex,
    /// After `0s`.
    Base64,
}

impl Encoding {
    /// The `encoding` parameter's value, in any case.
    pub(crate) fn parse(text: &str) -> Result<Self, Refusal> {
        let upper = text.to_ascii_uppercase();
        match upper.as_str() {
            "TEXT" => Ok(Self::Text),
            "HEX" => Ok(Self::Hex),
            "BASE64" => Ok(Self::Base64),
            _ => Err(Refusal::parameter(
                "encoding",
                format_args!("No enum constant org.apache.hadoop.fs.XAttrCodec.{upper}"),
            )),
        }
    }

    /// `encodeValue`.
    pub(crate) fn encode(self, value: &[u8]) -> String {
        match self {
            Self::Text => format!("\"{}\"", String::from_utf8_lossy(value)),
            Self::Hex => {
                let digits = value.iter().map(|byte| format!("{byte:02x}"));
                std::iter::once("0x".to_owned()).chain(digits).collect()
            }
            Self::Base64 => format!("0s{}", STANDARD.encode(value)),
        }
    }
}

/// `decodeValue`: quoted, `0x`, `0s`, or the text as it is.
///
/// # Errors
/// IOException if hex or base64 is malformed.
pub(crate) fn decode(text: &str) -> Result<Bytes, Refusal> {
    if let Some(quoted) = text.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')) {
        return Ok(Bytes::copy_from_slice(quoted.as_bytes()));
    }
    match text.get(..2) {
        Some("0x" | "0X") => decode_hex(&text[2..]).map(Into::into).ok_or_else(|| {
            Refusal::io(format!("\"{text}\" is no value in hex (an even number of digits)"))
        }),
        Some("0s" | "0S") => STANDARD
            .decode(&text[2..])
            .map(Into::into)
            .map_err(|why| Refusal::io(format!("\"{text}\" is no value in base64: {why}"))),
        _ => Ok(Bytes::copy_from_slice(text.as_bytes())),
    }
}

fn decode_hex(digits: &str) -> Option<Vec<u8>> {
    if !digits.len().is_multiple_of(2) {
        return None;
    }
    let digit = |byte: u8| Some((byte as char).to_digit(16)? as u8);
    digits.as_bytes().chunks(2).map(|pair| Some(digit(pair[0])? << 4 | digit(pair[1])?)).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn values_are_read_as_hadoop_reads_them() {
        assert_eq!(decode("\"a\"").unwrap(), "a");
        assert_eq!(decode("a").unwrap(), "a");
        assert_eq!(decode("\"").unwrap(), "\"");
        assert_eq!(decode("0X4a4B").unwrap(), "JK");
        assert_eq!(decode("0sSks=").unwrap(), "JK");
        assert_eq!(decode("0x").unwrap(), "");
        assert!(decode("0x1").is_err());
        assert!(decode("0x€").is_err());
        assert!(decode("0s*").is_err());
        assert_eq!(Encoding::parse("hex").unwrap(), Encoding::Hex);
        assert_eq!(
            Encoding::parse("rot13").unwrap_err().message(),
            "Invalid value for webhdfs parameter \"encoding\": \
             No enum constant org.apache.hadoop.fs.XAttrCodec.ROT13"
        );
    }

    proptest! {
        #[test]
        fn what_is_encoded_is_decoded(value: Vec<u8>) {
            for encoding in [Encoding::Hex, Encoding::Base64] {
                prop_assert_eq!(&decode(&encoding.encode(&value)).unwrap()[..], &value[..]);
            }
        }

        #[test]
        fn decoding_never_panics(text in "(0x|0s|\")?\\PC{0,10}") {
            let _ = decode(&text);
        }
    }
}
