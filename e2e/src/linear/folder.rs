//! The model of a small folder: a few names, each free, a file with a value, or a folder, under the operations that
//! the fault tests use. One such folder is one object of the check, so that a rename within it is one step.
//! Answers are those of HDFS (FSNamesystem, FSDirRenameOp for rename2 with OVERWRITE).

use super::Model;

/// Names in a folder.
pub const NAMES: [&str; 3] = ["a", "b", "c"];

/// What a name stands for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Slot {
    /// Nothing.
    #[default]
    Free,
    /// A file that holds this value.
    File(u64),
    /// A folder (always empty here).
    Folder,
}

/// What LISTSTATUS tells of a name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// It is not listed.
    Free,
    /// A file.
    File,
    /// A folder.
    Folder,
}

/// An operation; numbers are positions in [`NAMES`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Input {
    /// CREATE without overwrite.
    Create(usize, u64),
    /// CREATE with overwrite.
    Overwrite(usize, u64),
    /// OPEN.
    Read(usize),
    /// DELETE.
    Delete(usize),
    /// RENAME with the option OVERWRITE.
    Rename(usize, usize),
    /// MKDIRS.
    Mkdir(usize),
    /// LISTSTATUS of the folder.
    List,
}

impl Input {
    /// Whether it may change anything.
    pub fn writes(self) -> bool {
        !matches!(self, Input::Read(_) | Input::List)
    }
}

/// An answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Output {
    /// Done (or `true`).
    Done,
    /// `false`.
    No,
    /// FileNotFoundException.
    Missing,
    /// FileAlreadyExistsException, or the IOException of a rename onto the other kind.
    Refused,
    /// Content.
    Value(u64),
    /// A listing.
    Listing([Kind; NAMES.len()]),
}

/// The model.
#[derive(Clone, Copy, Debug, Default)]
pub struct Folder;

impl Model for Folder {
    type State = [Slot; NAMES.len()];
    type Input = Input;
    type Output = Output;

    fn initial(&self) -> Self::State {
        Default::default()
    }

    fn step(&self, state: &Self::State, input: &Input) -> (Self::State, Output) {
        let mut after = *state;
        let output = match *input {
            Input::Create(name, value) => match state[name] {
                Slot::Free => {
                    after[name] = Slot::File(value);
                    Output::Done
                }
                Slot::File(_) | Slot::Folder => Output::Refused,
            },
            Input::Overwrite(name, value) => match state[name] {
                Slot::Free | Slot::File(_) => {
                    after[name] = Slot::File(value);
                    Output::Done
                }
                Slot::Folder => Output::Refused,
            },
            Input::Read(name) => match state[name] {
                Slot::File(value) => Output::Value(value),
                // HDFS: "Path is not a file" is a FileNotFoundException too.
                Slot::Free | Slot::Folder => Output::Missing,
            },
            Input::Delete(name) => {
                after[name] = Slot::Free;
                if state[name] == Slot::Free { Output::No } else { Output::Done }
            }
            Input::Rename(from, to) => match (state[from], state[to]) {
                (Slot::Free, _) => Output::Missing,
                (Slot::File(_), Slot::Folder) | (Slot::Folder, Slot::File(_)) => Output::Refused,
                (moved, _) => {
                    after[from] = Slot::Free;
                    after[to] = moved;
                    Output::Done
                }
            },
            Input::Mkdir(name) => match state[name] {
                Slot::File(_) => Output::Refused,
                Slot::Free | Slot::Folder => {
                    after[name] = Slot::Folder;
                    Output::Done
                }
            },
            Input::List => Output::Listing(state.map(|slot| match slot {
                Slot::Free => Kind::Free,
                Slot::File(_) => Kind::File,
                Slot::Folder => Kind::Folder,
            })),
        };
        (after, output)
    }
}

#[cfg(test)]
mod tests {
    use super::super::Operation;
    use super::super::checker::{Verdict, check};
    use super::*;

    fn sequential(operations: &[(Input, Output)]) -> bool {
        let history: Vec<_> = operations
            .iter()
            .zip(0..)
            .map(|((input, output), at)| Operation {
                client: 0,
                input: *input,
                output: Some(*output),
                call: at * 2,
                answer: at * 2 + 1,
            })
            .collect();
        check(&Folder, &history, 10_000) == Verdict::Linearizable
    }

    #[test]
    fn a_file_moves_with_its_value() {
        use Input::*;
        assert!(sequential(&[
            (Create(0, 1), Output::Done),
            (Create(0, 2), Output::Refused),
            (Overwrite(1, 3), Output::Done),
            (Rename(0, 1), Output::Done),
            (Read(1), Output::Value(1)),
            (Read(0), Output::Missing),
            (Rename(0, 1), Output::Missing),
            (Mkdir(0), Output::Done),
            (Rename(0, 1), Output::Refused),
            (List, Output::Listing([Kind::Folder, Kind::File, Kind::Free])),
            (Delete(1), Output::Done),
            (Delete(1), Output::No),
            (Rename(0, 1), Output::Done),
            (Mkdir(1), Output::Done),
            (Overwrite(1, 4), Output::Refused),
        ]));
    }

    #[test]
    fn half_a_rename_is_found() {
        use Input::*;
        let start = [(Create(0, 1), Output::Done), (Rename(0, 1), Output::Done)];
        for wrong in [[Kind::File, Kind::File, Kind::Free], [Kind::Free, Kind::Free, Kind::Free]] {
            let mut operations = start.to_vec();
            operations.push((List, Output::Listing(wrong)));
            assert!(!sequential(&operations), "{wrong:?}");
        }
    }
}
