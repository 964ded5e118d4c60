//! Parquet, without Arrow: the pages of one column at a time, straight into values.

use crate::dictionary::Dictionary;
use crate::error::TableError;
use drift::{Column, Content, Form};
use parquet::basic::{Compression, ConvertedType, LogicalType, TimeUnit, Type};
use parquet::column::reader::{ColumnReader, ColumnReaderImpl};
use parquet::data_type::{ByteArray, DataType};
use parquet::errors::ParquetError;
use parquet::file::reader::{FileReader, SerializedFileReader};
use parquet::schema::types::ColumnDescriptor;
use std::collections::HashSet;
use std::fs::File;
use std::path::{Path, PathBuf};

/// So many rows are decoded at a time.
const ROWS: usize = 1 << 14;
const SECONDS_OF_A_DAY: f64 = 86_400.0;
/// How the column begins that pandas keeps the numbers of rows in.
const INDEX: &str = "__index_level_";

#[derive(Debug)]
pub(crate) struct ParquetFile {
    path: PathBuf,
    /// The columns, and where they stand in the schema.
    columns: Vec<(usize, String)>,
}

/// What the values of a column mean.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Meaning {
    Flags,
    Whole {
        is_signed: bool,
    },
    Real,
    /// Whole numbers of which so many digits are behind the point.
    Decimal(i32),
    /// Moments; divided by this they are seconds.
    Times(f64),
    /// Numbers of two bytes.
    Half,
    Texts,
    Other(&'static str),
}

impl ParquetFile {
    /// The file at `path`, and the names of its columns.
    pub(crate) fn open(path: &Path) -> Result<(Self, Vec<String>), TableError> {
        let mut file = Self { path: path.to_owned(), columns: Vec::new() };
        let reader = file.reader()?;
        let schema = reader.metadata().file_metadata().schema_descr();
        let columns = schema.columns().iter().map(|column| column.path().string()).enumerate();
        file.columns = columns.filter(|(_, name)| !name.starts_with(INDEX)).collect();
        let names: Vec<String> = file.columns.iter().map(|(_, name)| name.clone()).collect();
        let mut seen = HashSet::new();
        if let Some(name) = names.iter().find(|name| !seen.insert(name.as_str())) {
            return Err(TableError::Twice { path: file.path.clone(), name: name.clone() });
        }
        Ok((file, names))
    }

    /// The columns at these places.
    pub(crate) fn read(&self, places: &[usize]) -> Result<Vec<Column>, TableError> {
        let reader = self.reader()?;
        let column = |at: &usize| {
            let (place, name) = &self.columns[*at];
            if let Some(packing) = unknown_packing(&reader, *place) {
                let (path, column) = (self.path.clone(), name.clone());
                return Err(TableError::Packing { path, column, packing });
            }
            let what =
                || format!("column {name:?}; if the file is damaged, copy or write it again");
            column(&reader, *place).map_err(|source| self.broken(what(), source))
        };
        places.iter().map(column).collect()
    }

    fn reader(&self) -> Result<SerializedFileReader<File>, TableError> {
        let file = File::open(&self.path)
            .map_err(|source| TableError::Open { path: self.path.clone(), source })?;
        let opened = SerializedFileReader::new(file);
        let what = "read the foot of the Parquet file; if it was cut off, copy or write it again";
        opened.map_err(|source| self.broken(what.to_owned(), source))
    }

    fn broken(&self, what: String, source: ParquetError) -> TableError {
        TableError::Parquet { path: self.path.clone(), what, source }
    }
}

/// How the column is compressed, if we cannot undo it.
fn unknown_packing(reader: &SerializedFileReader<File>, place: usize) -> Option<String> {
    let packings = reader.metadata().row_groups().iter().map(|it| it.column(place).compression());
    let is_known = |packing: &Compression| {
        let (none, snappy) = (Compression::UNCOMPRESSED, Compression::SNAPPY);
        *packing == none
            || *packing == snappy
            || matches!(packing, Compression::ZSTD(_) | Compression::GZIP(_))
    };
    let mut unknown = packings.filter(|packing| !is_known(packing));
    let told = unknown.next()?.to_string();
    Some(told.split('(').next().unwrap_or_default().to_lowercase())
}

fn column(reader: &SerializedFileReader<File>, place: usize) -> Result<Column, ParquetError> {
    let descriptor = reader.metadata().file_metadata().schema_descr().column(place);
    let mut content = Values::new(meaning(&descriptor));
    let mut rows = 0;
    for at in 0..reader.num_row_groups() {
        let group = reader.get_row_group(at)?;
        rows += usize::try_from(group.metadata().num_rows()).unwrap_or(0);
        if !matches!(content.meaning, Meaning::Other(_)) {
            content.take(group.get_column_reader(place)?)?;
        }
    }
    Ok(content.finish(rows))
}

fn meaning(column: &ColumnDescriptor) -> Meaning {
    if column.max_rep_level() > 0 {
        return Meaning::Other("lists");
    }
    let logical = column.logical_type_ref();
    match column.physical_type() {
        Type::BOOLEAN => Meaning::Flags,
        Type::FLOAT | Type::DOUBLE => Meaning::Real,
        Type::INT96 => Meaning::Times(1e3),
        Type::INT32 | Type::INT64 => whole(column, logical),
        Type::BYTE_ARRAY | Type::FIXED_LEN_BYTE_ARRAY => bytes(column, logical),
    }
}

fn whole(column: &ColumnDescriptor, logical: Option<&LogicalType>) -> Meaning {
    let is_unsigned = matches!(
        column.converted_type(),
        ConvertedType::UINT_8
            | ConvertedType::UINT_16
            | ConvertedType::UINT_32
            | ConvertedType::UINT_64
    );
    if column.converted_type() == ConvertedType::DECIMAL {
        return Meaning::Decimal(column.type_scale());
    }
    if let Some(LogicalType::Timestamp(stamp)) = logical {
        return Meaning::Times(parts(stamp.unit));
    }
    match (logical, column.converted_type()) {
        (Some(LogicalType::Date), _) | (_, ConvertedType::DATE) => {
            Meaning::Times(1.0 / SECONDS_OF_A_DAY)
        }
        (_, ConvertedType::TIMESTAMP_MILLIS) => Meaning::Times(1e3),
        (_, ConvertedType::TIMESTAMP_MICROS) => Meaning::Times(1e6),
        (Some(LogicalType::Time(_)), _) => Meaning::Other("times of the day"),
        _ => Meaning::Whole { is_signed: !is_unsigned },
    }
}

fn parts(unit: TimeUnit) -> f64 {
    match unit {
        TimeUnit::MILLIS => 1e3,
        TimeUnit::MICROS => 1e6,
        TimeUnit::NANOS => 1e9,
    }
}

fn bytes(column: &ColumnDescriptor, logical: Option<&LogicalType>) -> Meaning {
    if column.converted_type() == ConvertedType::DECIMAL {
        return Meaning::Decimal(column.type_scale());
    }
    let is_fixed = column.physical_type() == Type::FIXED_LEN_BYTE_ARRAY;
    match logical {
        Some(LogicalType::Uuid) => Meaning::Other("identities"),
        Some(LogicalType::Float16) => Meaning::Half,
        _ if is_fixed => Meaning::Other("bytes"),
        _ => Meaning::Texts,
    }
}

/// Values as they are decoded.
struct Values {
    meaning: Meaning,
    numbers: Vec<f64>,
    texts: Dictionary,
}

impl Values {
    fn new(meaning: Meaning) -> Self {
        Self { meaning, numbers: Vec::new(), texts: Dictionary::new() }
    }

    /// Takes a chunk of the column.
    fn take(&mut self, chunk: ColumnReader) -> Result<(), ParquetError> {
        let numbers = &mut self.numbers;
        let meaning = self.meaning;
        match chunk {
            ColumnReader::BoolColumnReader(chunk) => {
                each(chunk, |value| numbers.push(f64::from(u8::from(*value))))
            }
            ColumnReader::Int32ColumnReader(chunk) => {
                each(chunk, |value| numbers.push(scaled(i64::from(*value), meaning, 32)))
            }
            ColumnReader::Int64ColumnReader(chunk) => {
                each(chunk, |value| numbers.push(scaled(*value, meaning, 64)))
            }
            ColumnReader::Int96ColumnReader(chunk) => {
                each(chunk, |value| numbers.push(scaled(value.to_millis(), meaning, 64)))
            }
            ColumnReader::FloatColumnReader(chunk) => {
                each(chunk, |value| numbers.push(f64::from(*value)))
            }
            ColumnReader::DoubleColumnReader(chunk) => each(chunk, |value| numbers.push(*value)),
            ColumnReader::ByteArrayColumnReader(chunk) => each(chunk, |value| self.bytes(value)),
            ColumnReader::FixedLenByteArrayColumnReader(chunk) => {
                each(chunk, |value| self.bytes(value))
            }
        }
    }

    fn bytes(&mut self, value: &ByteArray) {
        if let (Meaning::Half, [low, high]) = (self.meaning, value.data()) {
            self.numbers.push(half(u16::from_le_bytes([*low, *high])));
        } else if let Meaning::Decimal(scale) = self.meaning {
            let first = value.data().first().copied().unwrap_or(0);
            let sign = if first >= 0x80 { -1.0 } else { 0.0 };
            let digits = value.data().iter().fold(sign, |sum, byte| sum * 256.0 + f64::from(*byte));
            self.numbers.push(digits / 10_f64.powi(scale));
        } else {
            self.texts.add(value);
        }
    }

    fn finish(self, rows: usize) -> Column {
        match self.meaning {
            Meaning::Flags => Column::numbers(rows, self.numbers, Form::Flag),
            Meaning::Whole { .. } => Column::numbers(rows, self.numbers, Form::Whole),
            Meaning::Real | Meaning::Half | Meaning::Decimal(_) => {
                Column::numbers(rows, self.numbers, Form::Real)
            }
            Meaning::Times(_) => Column::times(rows, self.numbers),
            Meaning::Texts => Column::tallied(rows, self.texts.finish()),
            Meaning::Other(name) => {
                Column { rows, missing: 0, infinite: 0, mistyped: 0, content: Content::Other(name) }
            }
        }
    }
}

#[expect(clippy::cast_precision_loss, reason = "pandas does so, too")]
fn scaled(value: i64, meaning: Meaning, bits: u32) -> f64 {
    let number = value as f64;
    match meaning {
        Meaning::Whole { is_signed: false } if value < 0 => {
            number + 2_f64.powi(i32::try_from(bits).unwrap_or(64))
        }
        Meaning::Decimal(scale) => number / 10_f64.powi(scale),
        Meaning::Times(parts) => number / parts,
        Meaning::Flags
        | Meaning::Whole { .. }
        | Meaning::Real
        | Meaning::Half
        | Meaning::Texts
        | Meaning::Other(_) => number,
    }
}

/// A number of two bytes: a sign, five bits of exponent, ten of fraction.
fn half(bits: u16) -> f64 {
    let (exponent, fraction) = (i32::from((bits >> 10) & 0x1f), f64::from(bits & 0x3ff) / 1024.0);
    let size = match exponent {
        0 => fraction * 2_f64.powi(-14),
        31 if fraction > 0.0 => f64::NAN,
        31 => f64::INFINITY,
        _ => (1.0 + fraction) * 2_f64.powi(exponent - 15),
    };
    if bits >> 15 == 0 { size } else { -size }
}

/// Calls `take` with every value that is there.
fn each<T: DataType>(
    mut chunk: ColumnReaderImpl<T>,
    mut take: impl FnMut(&T::T),
) -> Result<(), ParquetError> {
    let (mut values, mut levels) = (Vec::new(), Vec::new());
    loop {
        values.clear();
        levels.clear();
        let (records, _, _) = chunk.read_records(ROWS, Some(&mut levels), None, &mut values)?;
        values.iter().for_each(&mut take);
        if records == 0 {
            return Ok(());
        }
    }
}
