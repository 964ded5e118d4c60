//! CSV, plain or gzipped. A pass over the file reads as many columns as fit in a fixed part of memory, usually all.

use crate::builder::Builder;
use crate::error::TableError;
use crate::foreign;
use csv::{ByteRecord, ErrorKind, Reader, ReaderBuilder};
use drift::Column;
use flate2::read::MultiGzDecoder;
use std::collections::HashSet;
use std::fs::File;
use std::io::{BufReader, Read};
use std::path::{Path, PathBuf};

/// How a gzipped file begins.
const GZIP: [u8; 2] = [0x1f, 0x8b];
/// What a pass may keep, about.
const BYTES_OF_A_PASS: u64 = 256 << 20;
/// A number is kept in so many bytes.
const BYTES_OF_A_CELL: u64 = 8;
/// Text is about so much larger than gzipped.
const UNPACKED: u64 = 5;
/// A row is measured by so many of the first.
const MEASURED_ROWS: usize = 100;

#[derive(Debug)]
pub(crate) struct CsvFile {
    path: PathBuf,
    names: Vec<String>,
    delimiter: u8,
    at_once: usize,
}

impl CsvFile {
    /// The file at `path`, and the names of its columns.
    pub(crate) fn open(path: &Path) -> Result<(Self, Vec<String>), TableError> {
        let first = first_bytes(path)?;
        if let Some(what) = foreign::word(&first) {
            return Err(TableError::Foreign { path: path.to_owned(), what });
        }
        let delimiter = delimiter(&first);
        let mut file = Self { path: path.to_owned(), names: Vec::new(), delimiter, at_once: 1 };
        let mut reader = file.reader()?;
        let head = reader.byte_headers().map_err(|error| file.broken(error, 0))?.clone();
        for (at, name) in head.iter().enumerate() {
            let name =
                if at == 0 { name.strip_prefix(b"\xef\xbb\xbf").unwrap_or(name) } else { name };
            let name = std::str::from_utf8(name).ok().filter(|name| !name.contains('\0'));
            let name = name.ok_or_else(|| TableError::Head { path: file.path.clone() })?;
            // A column without a name is the index that pandas wrote.
            let unnamed = || format!("Unnamed: {at}");
            file.names.push(if name.is_empty() { unnamed() } else { name.to_owned() });
        }
        if file.names.is_empty() {
            return Err(TableError::Empty { path: file.path });
        }
        let mut seen = HashSet::new();
        if let Some(name) = file.names.iter().find(|name| !seen.insert(name.as_str())) {
            return Err(TableError::Twice { path: file.path.clone(), name: name.clone() });
        }
        file.at_once = file.measured(&mut reader)?;
        let names = file.names.clone();
        Ok((file, names))
    }

    /// How many columns a pass reads.
    pub(crate) fn at_once(&self) -> usize {
        self.at_once
    }

    /// As many as fit in memory, by the length of the first rows.
    fn measured(&self, reader: &mut Reader<Box<dyn Read>>) -> Result<usize, TableError> {
        let (mut rows, mut record) = (0, ByteRecord::new());
        while rows < MEASURED_ROWS {
            // What is wrong with a row is said when it is read.
            match reader.read_byte_record(&mut record) {
                Ok(true) => rows += 1,
                Ok(false) | Err(_) => break,
            }
        }
        let length = reader.position().byte() / u64::try_from(rows.max(1)).unwrap_or(1);
        let bytes = std::fs::metadata(&self.path).map_err(|source| self.unopened(source))?.len();
        let bytes = if self.is_gzip()? { bytes.saturating_mul(UNPACKED) } else { bytes };
        let rows = bytes / length.max(1) + 1;
        let fit = BYTES_OF_A_PASS / (rows * BYTES_OF_A_CELL).max(1);
        Ok(usize::try_from(fit).unwrap_or(usize::MAX).clamp(1, self.names.len().max(1)))
    }

    /// The columns at these places.
    pub(crate) fn read(&self, places: &[usize]) -> Result<Vec<Column>, TableError> {
        let mut builders: Vec<_> = places.iter().map(|place| (*place, Builder::new())).collect();
        self.pass(&mut builders)?;
        let mixed = builders.iter().filter(|(_, builder)| builder.is_mixed());
        let mut again: Vec<_> = mixed.map(|(place, _)| (*place, Builder::of_texts())).collect();
        if !again.is_empty() {
            self.pass(&mut again)?;
        }
        let mut again = again.into_iter().map(|(_, builder)| builder);
        let finished = builders.into_iter().map(|(_, builder)| {
            let better = if builder.is_mixed() { again.next() } else { None };
            better.unwrap_or(builder).finish()
        });
        Ok(finished.collect())
    }

    /// Reads the file once.
    fn pass(&self, builders: &mut [(usize, Builder)]) -> Result<(), TableError> {
        let mut reader = self.reader()?;
        let (mut row, mut record) = (0, ByteRecord::new());
        while reader.read_byte_record(&mut record).map_err(|error| self.broken(error, row))? {
            row += 1;
            for (place, builder) in builders.iter_mut() {
                let cell = record.get(*place).unwrap_or_default();
                builder.push(cell).map_err(|_| TableError::NotText {
                    path: self.path.clone(),
                    row,
                    column: self.names[*place].clone(),
                })?;
            }
        }
        Ok(())
    }

    fn reader(&self) -> Result<Reader<Box<dyn Read>>, TableError> {
        let file = File::open(&self.path).map_err(|source| self.unopened(source))?;
        let file = BufReader::with_capacity(1 << 16, file);
        let input: Box<dyn Read> =
            if self.is_gzip()? { Box::new(MultiGzDecoder::new(file)) } else { Box::new(file) };
        Ok(ReaderBuilder::new()
            .delimiter(self.delimiter)
            .buffer_capacity(1 << 16)
            .from_reader(input))
    }

    fn is_gzip(&self) -> Result<bool, TableError> {
        is_gzip(&self.path).map_err(|source| self.unopened(source))
    }

    fn unopened(&self, source: std::io::Error) -> TableError {
        TableError::Open { path: self.path.clone(), source }
    }

    fn broken(&self, error: csv::Error, row: u64) -> TableError {
        let path = self.path.clone();
        if let ErrorKind::UnequalLengths { expected_len, len, .. } = error.kind() {
            return TableError::Ragged { path, row: row + 1, expected: *expected_len, found: *len };
        }
        if let ErrorKind::Io(source) = error.kind()
            && source.kind() == std::io::ErrorKind::UnexpectedEof
        {
            return TableError::CutOff { path, row };
        }
        TableError::Csv { path, row, source: error }
    }
}

/// As much of the file is looked at to know how it is written.
const FIRST: u64 = 1 << 16;

fn is_gzip(path: &Path) -> std::io::Result<bool> {
    let mut start = Vec::new();
    File::open(path)?.take(2).read_to_end(&mut start)?;
    Ok(start == GZIP)
}

/// The beginning of the text.
fn first_bytes(path: &Path) -> Result<Vec<u8>, TableError> {
    let mut first = Vec::new();
    let read = File::open(path).and_then(|file| {
        if is_gzip(path)? {
            MultiGzDecoder::new(file).take(FIRST).read_to_end(&mut first)
        } else {
            file.take(FIRST).read_to_end(&mut first)
        }
    });
    match read {
        // What is missing is missed when the rows are read.
        Err(source) if source.kind() != std::io::ErrorKind::UnexpectedEof => {
            Err(TableError::Open { path: path.to_owned(), source })
        }
        Ok(_) | Err(_) => Ok(first),
    }
}

/// What stands between cells: a comma, unless the first line has none but has another.
fn delimiter(first: &[u8]) -> u8 {
    let line = first.split(|byte| *byte == b'\n').next().unwrap_or_default();
    let others = [b'\t', b';'];
    let other = others.into_iter().find(|other| line.contains(other));
    if line.contains(&b',') { b',' } else { other.unwrap_or(b',') }
}
