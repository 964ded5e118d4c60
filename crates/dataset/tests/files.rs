//! What is read of files, and what is said of those that cannot be.

use dataset::{Table, TableError, Values};
use drift::{Column, Content, Form};
use std::io::Write;
use std::path::{Path, PathBuf};

fn testdata(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata").join(name)
}

/// Every column of a file.
fn columns(path: &Path) -> Result<Vec<Column>, TableError> {
    let table = Table::open(path)?;
    let names: Vec<&str> = table.names().iter().map(String::as_str).collect();
    Ok(table.read(&names)?.into_iter().flatten().collect())
}

fn of_text(text: &[u8]) -> Result<Vec<Column>, TableError> {
    let mut file = tempfile::NamedTempFile::new().expect("a file");
    file.write_all(text).expect("is written");
    columns(file.path())
}

#[test]
fn parquet_says_what_csv_says() {
    let stem = "titanic__nannyml_reference_vs_analysis";
    for (side, packed) in [("ref", "snappy"), ("cur", "zstd"), ("ref", "gzip")] {
        let csv = columns(&testdata(&format!("{stem}.{side}.csv.gz"))).expect("is read");
        let parquet = columns(&testdata(&format!("titanic.{side}.{packed}.parquet")));
        assert_eq!(parquet.expect("is read"), csv);
    }
}

#[test]
fn every_type_of_parquet_is_something() {
    let table = Table::open(&testdata("types.parquet")).expect("opens");
    let word = |name: &str| {
        let column = table.read(&[name]).expect("is read").remove(0).expect("is there");
        (column.word(), column.missing, column.infinite)
    };
    assert_eq!(word("flag"), ("truths", 1, 0));
    assert_eq!(word("small"), ("numbers", 0, 0));
    assert_eq!(word("decimal"), ("numbers", 1, 0));
    assert_eq!((word("at"), word("day")), (("times", 0, 0), ("times", 0, 0)));
    assert_eq!((word("text"), word("code")), (("texts", 1, 0), ("texts", 0, 0)));
    assert_eq!((word("none"), word("gap")), (("nothing", 6, 0), ("numbers", 1, 0)));
    assert_eq!(word("real"), ("numbers", 2, 1));
}

#[test]
fn numbers_are_kept_as_they_are() {
    let table = Table::open(&testdata("types.parquet")).expect("opens");
    let first = |name: &str| match table.read(&[name]).expect("is read").remove(0) {
        Some(Column { content: Content::Numbers(numbers), .. }) => {
            (numbers.sorted()[0].to_bits(), numbers.form())
        }
        other => panic!("{name}: {other:?}"),
    };
    assert_eq!(first("unsigned"), (4_294_967_295.0_f64.to_bits(), Form::Whole));
    assert_eq!(first("decimal"), (1.0_f64.to_bits(), Form::Real));
}

#[test]
fn a_column_that_begins_with_numbers_may_have_texts() {
    let read = of_text(b"a,b\n1,True\n2,False\nx,\n").expect("is read");
    assert_eq!((read[0].word(), read[1].word()), ("texts", "truths"));
    assert_eq!((read[0].present(), read[1].missing), (3, 1));
}

#[test]
fn what_is_wrong_names_row_and_column() {
    let told = |text: &[u8]| of_text(text).expect_err("is wrong").to_string();
    assert!(told(b"").contains("is empty"));
    assert!(told(b"a,b\n1,2\n1\n").contains("row 2 has 1 cells, the head has 2"));
    assert!(told(b"a,a\n1,2\n").contains("\"a\" is there twice"));
    assert!(told(b"a,b\n1,x\n2,\xff\n").contains("row 2, column \"b\""));
    assert!(told(b"{\"a\": 1}\n{\"a\": 2}\n").contains("this is JSON; write it as CSV or Parquet"));
    assert!(told(b"PK\x03\x04\x14,a\n1,2\n").contains("ZIP archive"));
    assert!(told(b"PAR1 and no more").contains("foot of the Parquet file"));
}

#[test]
fn what_is_written_is_read_again() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("some.parquet");
    let numbers = vec![Some(1.5), None, Some(-2.0)];
    let texts = [Some("a"), Some("a"), None].map(|text| text.map(str::to_owned));
    let table = [
        ("amount.net".to_owned(), Values::Numbers(numbers)),
        ("country".to_owned(), Values::Texts(texts.to_vec())),
    ];
    dataset::write(&path, &table).expect("is written");
    let read = columns(&path).expect("is read");
    let expected =
        [Column::numbers(3, vec![1.5, -2.0], Form::Real), Column::texts(3, [("a".into(), 2)])];
    assert_eq!(read, expected);
    assert_eq!(std::fs::read_dir(folder.path()).expect("a folder").count(), 1);
}
