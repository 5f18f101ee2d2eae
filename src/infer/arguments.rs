//! The arguments of a function that is given a line: what each may be, and in which form the line is written.

use std::borrow::Cow;

use crate::abi::recipe::Encoding;
use crate::guest::Type;

/// With more parameters, only the usual orders are tried.
const SHORT: usize = 4;

/// With more parameters, rare forms of the line are not tried.
const FEW: usize = 2;

/// What an argument is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Arg {
    /// The line's address.
    Ptr,
    /// Its length in bytes.
    Len,
    /// Its length in UTF-16 units.
    Units,
    /// Its end.
    End,
    /// The address of a structure with address and length.
    Pair(Layout),
    /// Address and length in one number, the length in its high half.
    Packed,
    /// The same, the length in its low half.
    PackedLow,
    /// What the allocator returned, where that is address and size in one number.
    Block,
    /// An area for the answer's address and length.
    Area,
    /// The second word of that area.
    AreaNext,
    /// A buffer for the answer.
    Buffer,
    /// The buffer's size.
    Capacity,
    /// A block for the guest's state, zeroed.
    State,
    /// What a call before returned: the guest's name for its state.
    Handle,
    /// What the call that took the line returned.
    Status,
    /// A constant: a mode, a flag, a level.
    Number(i64),
}

/// What a structure consists of that says where a text is, in words of four bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Layout {
    /// Address, length, capacity.
    AddressFirst,
    /// Address of the whole, address, length: a view.
    View,
    /// Length or capacity, address, length.
    LengthFirst,
    /// Address, end.
    Ends,
}

impl Layout {
    const OTHERS: [Layout; 3] = [Layout::View, Layout::LengthFirst, Layout::Ends];

    /// Its words, as values of a recipe.
    pub(super) fn words(self) -> [&'static str; 3] {
        match self {
            Layout::AddressFirst => ["ptr", "n", "n"],
            Layout::View => ["ptr", "ptr", "n"],
            Layout::LengthFirst => ["n", "ptr", "n"],
            Layout::Ends => ["ptr", "ptr + n", "ptr + n"],
        }
    }
}

/// Most functions take this one, if any.
pub(super) const ZERO: Arg = Arg::Number(0);

impl Arg {
    pub(super) fn text(self) -> Cow<'static, str> {
        let text = match self {
            Arg::Ptr => "ptr",
            Arg::Len => "n",
            Arg::Units => "units",
            Arg::End => "ptr + n",
            Arg::Pair(_) => "pair",
            Arg::Packed | Arg::PackedLow => "u64[pair]",
            Arg::Block => "block",
            Arg::Area => "area",
            Arg::AreaNext => "area + 4",
            Arg::Buffer => "buffer",
            Arg::Capacity => "capacity",
            Arg::State => "state",
            Arg::Handle => "handle",
            Arg::Status => "status",
            Arg::Number(number) => return Cow::Owned(number.to_string()),
        };
        Cow::Borrowed(text)
    }

    /// Whether it only says where the line is, or is a constant.
    pub(super) fn is_plain(self) -> bool {
        matches!(
            self,
            Arg::Ptr
                | Arg::Len
                | Arg::Units
                | Arg::Block
                | Arg::Packed
                | Arg::PackedLow
                | Arg::Pair(_)
                | Arg::Number(_)
        )
    }

    pub(super) fn is_constant(self) -> bool {
        matches!(self, Arg::Number(_))
    }

    pub(super) fn cost(self) -> u32 {
        match self {
            Arg::Ptr | Arg::Len | Arg::Block | Arg::Handle | Arg::Status => 0,
            Arg::Units | Arg::Area | Arg::AreaNext => 1,
            Arg::End | Arg::Buffer | Arg::Capacity => 2,
            Arg::Number(0 | 1) | Arg::Packed | Arg::PackedLow => 3,
            Arg::Pair(Layout::AddressFirst) | Arg::State | Arg::Number(_) => 4,
            Arg::Pair(_) => 5,
        }
    }
}

/// The forms in which a line is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Form {
    Plain,
    Nul,
    Utf16,
    Utf16Nul,
    /// Its length in front of it, in four bytes.
    Prefixed,
    /// Its length in one byte, as Pascal has it.
    Short,
    /// Its length in LEB128.
    Leb,
    /// In a structure: its length, four bytes that are left as they are, and the line.
    Headed,
    /// Bytes that the line gives as hexadecimal digits.
    Hex,
}

/// The forms of any line. [`Form::Hex`] needs a line of hexadecimal digits.
pub(super) const FORMS: [Form; 8] =
    [Form::Plain, Form::Nul, Form::Utf16, Form::Utf16Nul, Form::Prefixed, Form::Short, Form::Leb, Form::Headed];

impl Form {
    /// The statements that write the line, the line's own first.
    pub(super) fn write(self, at: &str) -> Vec<String> {
        vec![match self {
            Form::Plain | Form::Hex | Form::Utf16 => format!("write at {at}"),
            Form::Nul => format!("write line, 0 at {at}"),
            Form::Utf16Nul => format!("write line, 0, 0 at {at}"),
            Form::Prefixed => format!("write u32 n, line at {at}"),
            Form::Short => format!("write u8 n, line at {at}"),
            Form::Leb => format!("write leb n, line at {at}"),
            Form::Headed => return vec![format!("write at {at} + 8"), format!("u32[{at}] = n")],
        }]
    }

    /// The number of bytes written.
    pub(super) fn size(self) -> &'static str {
        match self {
            Form::Plain | Form::Hex | Form::Utf16 => "n",
            Form::Nul => "n + 1",
            Form::Utf16Nul => "n + 2",
            Form::Prefixed => "n + 4",
            Form::Short => "n + 1",
            Form::Leb => "n + 5",
            Form::Headed => "n + 8",
        }
    }

    pub(super) fn encoding(self) -> Encoding {
        match self {
            Form::Utf16 | Form::Utf16Nul => Encoding::Utf16,
            Form::Hex => Encoding::Hex,
            _ => Encoding::Bytes,
        }
    }

    /// Whether it is tried with few arguments only.
    fn is_rare(self) -> bool {
        matches!(self, Form::Short | Form::Leb | Form::Headed)
    }

    /// Whether the bytes themselves say where they end.
    pub(super) fn says_its_length(self) -> bool {
        !matches!(self, Form::Plain | Form::Hex | Form::Utf16)
    }

    pub(super) fn cost(self) -> u32 {
        match self {
            Form::Plain => 0,
            Form::Nul | Form::Hex => 1,
            Form::Utf16 => 4,
            Form::Utf16Nul | Form::Prefixed => 5,
            Form::Short | Form::Leb | Form::Headed => 7,
        }
    }
}

/// The cost of arguments: unusual ones, and an unusual order.
pub(super) fn cost_of(args: &[Arg], form: Form) -> u32 {
    let place = |wanted: Arg| args.iter().position(|&arg| arg == wanted);
    let own: u32 = args.iter().map(|arg| arg.cost()).sum();
    let has_length = args.iter().any(|arg| matches!(arg, Arg::Len | Arg::Units | Arg::End));
    let order = match (place(Arg::Ptr), place(Arg::Len).or(place(Arg::Units)).or(place(Arg::End))) {
        (Some(ptr), Some(len)) if len == ptr + 1 => 0,
        (Some(_), Some(_)) => 2,
        _ => 0,
    };
    // A length beside text that says its own is unusual, and so is text without either.
    let has_pair = args.iter().any(|arg| matches!(arg, Arg::Pair(_)));
    let length = match (has_length, form.says_its_length()) {
        (true, true) => 5,
        (false, false) if !has_pair => 2,
        _ => 0,
    };
    let area = place(Arg::Area).map_or(0, |area| u32::from(area > 0 && place(Arg::AreaNext).is_none()));
    own + order + length + area
}

/// The ways to fill `count` parameters.
pub(super) fn assignments(params: &[Type], form: Form, is_buffer: bool) -> Vec<Vec<Arg>> {
    let (mut found, count) = (Vec::new(), params.len());
    if form.is_rare() && count > FEW {
        return found;
    }
    if count > SHORT {
        many(count, form, &mut found);
    } else {
        fill(count, form, &mut Vec::new(), &mut found);
        layouts(&mut found);
    }
    if form == Form::Plain {
        packed(params, &mut found);
    }
    let references = params.iter().filter(|ty| !ty.is_number()).count();
    // A reference can only be null.
    let fits = |(arg, ty): (&Arg, &Type)| ty.is_number() || *arg == ZERO;
    found.retain(|args| args.iter().zip(params).all(fits) && is_sensible(args, form, is_buffer, references));
    found
}

fn fill(count: usize, form: Form, args: &mut Vec<Arg>, found: &mut Vec<Vec<Arg>>) {
    const ALL: [Arg; 11] = [
        Arg::Ptr,
        Arg::Len,
        Arg::Units,
        Arg::End,
        Arg::Pair(Layout::AddressFirst),
        Arg::Area,
        Arg::AreaNext,
        Arg::Buffer,
        Arg::Capacity,
        ZERO,
        Arg::Number(1),
    ];
    if args.len() == count {
        found.push(args.clone());
        return;
    }
    for arg in ALL {
        if (arg.is_constant() || !args.contains(&arg)) && (arg != Arg::Units || form.encoding() == Encoding::Utf16) {
            args.push(arg);
            fill(count, form, args, found);
            args.pop();
        }
    }
}

/// Adds the other layouts of structures.
fn layouts(found: &mut Vec<Vec<Arg>>) {
    let is_pair = |arg: &Arg| matches!(arg, Arg::Pair(_));
    let with = found.iter().filter(|args| args.iter().any(is_pair));
    let others: Vec<_> = with
        .flat_map(|args| {
            Layout::OTHERS.map(|layout| {
                args.iter().map(|arg| if is_pair(arg) { Arg::Pair(layout) } else { *arg }).collect::<Vec<_>>()
            })
        })
        .collect();
    found.extend(others);
}

/// Address and length in one argument of 64 bits, and zeroes.
fn packed(params: &[Type], found: &mut Vec<Vec<Arg>>) {
    for (place, _) in params.iter().enumerate().filter(|(_, ty)| **ty == Type::I64) {
        for arg in [Arg::Packed, Arg::PackedLow, Arg::Block] {
            let mut args = vec![ZERO; params.len()];
            args[place] = arg;
            found.push(args);
        }
    }
}

/// For many parameters: address and length side by side, or the address alone where the text says its length; perhaps
/// an area for the answer, or a buffer and its size; and zeroes.
fn many(count: usize, form: Form, found: &mut Vec<Vec<Arg>>) {
    let line: &[Arg] = if form.says_its_length() { &[Arg::Ptr] } else { &[Arg::Ptr, Arg::Len] };
    let answers: [&[Arg]; 6] = [
        &[],
        &[Arg::Area],
        &[Arg::Area, Arg::AreaNext],
        &[Arg::Buffer, Arg::Capacity],
        &[Arg::Buffer, Arg::Area],
        &[Arg::Buffer, Arg::Capacity, Arg::Area],
    ];
    for ptr in 0..=count - line.len() {
        for answer in answers {
            for place in 0..=count - answer.len() {
                let is_apart = place + answer.len() <= ptr || place >= ptr + line.len();
                if !is_apart && !answer.is_empty() || answer.is_empty() && place > 0 {
                    continue;
                }
                let mut args = vec![ZERO; count];
                args[ptr..ptr + line.len()].copy_from_slice(line);
                args[place..place + answer.len()].copy_from_slice(answer);
                found.push(args);
            }
        }
    }
}

/// Whether arguments can make sense together.
fn is_sensible(args: &[Arg], form: Form, is_buffer: bool, references: usize) -> bool {
    let has = |arg: Arg| args.contains(&arg);
    let count = |wanted: &[Arg]| args.iter().filter(|arg| wanted.contains(arg)).count();
    let lengths = count(&[Arg::Len, Arg::Units, Arg::End]);
    let constants = args.iter().filter(|arg| arg.is_constant()).count();
    let has_pair = args.iter().any(|arg| matches!(arg, Arg::Pair(_)));
    let is_packed = has(Arg::Packed) || has(Arg::PackedLow) || has(Arg::Block);
    let is_passed = count(&[Arg::Ptr, Arg::Packed, Arg::PackedLow, Arg::Block]) + usize::from(has_pair) == 1;
    // The guest knows where its buffer is; and an allocator may keep what it allocated last.
    let is_in_buffer = (is_buffer || args.len() <= 1) && !has(Arg::Ptr) && !has_pair;
    (is_packed || is_passed || is_in_buffer)
        && lengths <= 1
        && !(has_pair && (lengths > 0 || form != Form::Plain))
        && (!has(Arg::AreaNext) || has(Arg::Area))
        && (!has(Arg::Capacity) || has(Arg::Buffer))
        && (!has(Arg::End) || has(Arg::Ptr))
        && (constants <= 2 || args.len() > SHORT || is_packed || references > 0)
}
