use proptest::prelude::*;

use super::*;

fn bytes(hex: &str) -> Vec<u8> {
    hex.as_bytes()
        .chunks(2)
        .map(|pair| u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16).unwrap())
        .collect()
}

/// Printed by the official Python SDK.
const KEY: &str = "7500000001030403000000706b31050a000000030500000069616d706b0a98030403000000706b3205090000000064000000000000000a05";
const UPDATE: &str = "02030402000000633105060000000301000000760a760304020000006332060307ea030000000000000a50030402000000633306010ab90304020000006334050900000000050000000000000006040ab709e3";

#[test]
fn a_key_as_the_makers_write_it() {
    let wire = bytes(&format!("{KEY}09b9"));
    let cells = Cells::read(&wire).unwrap();
    assert_eq!(cells.key[0].name, "pk1");
    assert_eq!(cells.key[0].value, Some(Value::String(b"iampk")));
    assert_eq!(cells.key[1].value, Some(Value::Integer(100)));
    assert!(!cells.deleted);
    let mut writer = RowsWriter::default();
    writer.start();
    for cell in &cells.key {
        writer.key(cell.name.as_bytes(), &cell.value.unwrap());
    }
    writer.end();
    assert_eq!(writer.buffer, wire);
}

#[test]
fn a_deletion_and_an_update_as_the_makers_write_them() {
    assert!(Cells::read(&bytes(&format!("{KEY}0809be"))).unwrap().deleted);
    let wire = bytes(&format!("{KEY}{UPDATE}"));
    let attributes = Cells::read(&wire).unwrap().attributes;
    let seen: Vec<_> = attributes.iter().map(|cell| (cell.name, cell.op, cell.time)).collect();
    assert_eq!(
        seen,
        [
            ("c1", None, None),
            ("c2", Some(Op::DeleteOne), Some(1002)),
            ("c3", Some(Op::DeleteAll), None),
            ("c4", Some(Op::Increment), None),
        ]
    );
}

proptest! {
    #[test]
    fn any_damage_is_an_error_and_never_a_panic(at in 0_usize..200, with: u8) {
        let mut wire = bytes(&format!("{KEY}{UPDATE}"));
        let at = at % wire.len();
        prop_assume!(wire[at] != with);
        wire[at] = with;
        // A damaged length can swallow what follows, but a checksum always ends it.
        prop_assert!(Cells::read(&wire).is_err());
    }

    #[test]
    fn random_bytes_never_panic(wire: Vec<u8>) {
        let _ = Cells::read(&wire);
        let _ = lone_value(&wire);
    }
}
