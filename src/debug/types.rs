//! Types of data in memory, as a user declares them or as DWARF has them.

use std::sync::Arc;

/// A type of data in memory.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DataType {
    /// Its name in the source.
    pub name: String,
    /// Size in bytes.
    pub size: u64,
    /// Alignment in bytes.
    pub align: u64,
    /// What it is.
    pub kind: DataKind,
}

/// What data is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DataKind {
    /// An unsigned integer.
    Unsigned,
    /// A signed integer.
    Signed,
    /// A floating-point number.
    Float,
    /// A byte that is 0 or 1.
    Bool,
    /// A character of that size: a byte, a UTF-16 code unit, or a code point. Several are a text.
    Character,
    /// A pointer, and what it points to, if that is known.
    Pointer(Option<Arc<DataType>>),
    /// Several elements of one type.
    Array(Arc<DataType>, u64),
    /// Members at offsets. Those of a union are all at 0.
    Struct(Vec<Member>),
    /// An integer whose values have names.
    Enum(Vec<(i64, String)>),
    /// libc++'s `std::string`: a short text is inside it, a longer one behind a pointer.
    CxxString {
        /// Whether the pointer comes first, as in libc++'s second ABI; else it comes last.
        data_first: bool,
    },
    /// Bytes of which no more is known.
    Unknown,
}

/// A member of a struct.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Member {
    /// Its name.
    pub name: String,
    /// Its offset from the address of the struct; negative for a header before it.
    pub offset: i64,
    /// Its type; for a counted member that is not a pointer, that of one element.
    pub ty: Arc<DataType>,
    /// What says how many elements it has, or its pointer points to.
    pub count: Option<Count>,
}

/// How many elements there are: the value of another member, divided.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Count {
    /// The index of that member.
    pub member: usize,
    /// Not zero.
    pub divisor: u64,
}

impl DataType {
    /// A type without members.
    pub fn plain(name: &str, size: u64, kind: DataKind) -> DataType {
        DataType { name: name.to_owned(), size, align: size.clamp(1, 8), kind }
    }

    /// A pointer of that many bytes.
    pub fn pointer(to: Option<Arc<DataType>>, size: u64) -> DataType {
        let name = to.as_ref().map_or_else(|| "void*".to_owned(), |to| format!("{}*", to.name));
        DataType::plain(&name, size, DataKind::Pointer(to))
    }

    /// An array; `None` if it would be larger than an address space.
    pub fn array(of: Arc<DataType>, count: u64) -> Option<DataType> {
        let size = of.size.checked_mul(count).filter(|&size| size <= 1 << 32)?;
        let (name, align) = (format!("{}[{count}]", of.name), of.align);
        Some(DataType { name, size, align, kind: DataKind::Array(of, count) })
    }
}
