//! Bytes that a driver writes to and reads from the guest's memory.

use super::super::ops::{Bytes, Len, Val, Written};
use super::super::{Encoding, Width};
use super::layout::{self, ANSWERS_END, LENGTHS, is_set};
use super::{Compiler, Fit, GUEST, Helpers, OWN, Unfit, local, place};

impl Compiler<'_> {
    pub(super) fn write(&mut self, parts: &[Written], at: &Val, within: Option<&Val>, number: usize) -> Fit<()> {
        self.numbers(parts, number)?;
        self.len(parts);
        self.room(within, number)?;
        self.value(at, number)?;
        self.emit().local_set(local::ADDR);
        self.in_bounds(number);
        self.emit().local_get(local::ADDR).i32_wrap_i64().local_set(local::PLACE);
        if self.plan.is_guarded() && parts.iter().any(|part| matches!(part, Written::Line)) {
            self.emit().i32_const(0).local_get(local::ADDR).i64_store(place(OWN, layout::LINE_AT));
        }
        let mut temps = local::TEMPS..;
        for part in parts {
            match part {
                Written::Line => {
                    let write = self.helpers.write;
                    let mut code = self.emit();
                    code.local_get(local::PLACE).local_get(local::AT).local_get(local::N).call(write);
                    code.local_get(local::N);
                }
                // The line is not split: see `fits`.
                Written::Text(_) => return Err(Unfit),
                Written::Bytes(bytes) => {
                    let (text, len) = self.text(bytes)?;
                    let write = self.helpers.write;
                    self.emit().local_get(local::PLACE).i32_const(text).i32_const(len).call(write).i32_const(len);
                }
                Written::Number(width, _) => {
                    self.emit().local_get(local::PLACE).local_get(temps.next().ok_or(Unfit)?);
                    self.store(*width);
                    self.emit().i32_const(i32::try_from(width.bytes()).unwrap_or(0));
                }
                // Its length depends on the number.
                Written::Leb(_) => return Err(Unfit),
            }
            self.emit().local_get(local::PLACE).i32_add().local_set(local::PLACE);
        }
        Ok(())
    }

    /// Computes the numbers among the parts before writing any of them.
    fn numbers(&mut self, parts: &[Written], number: usize) -> Fit<()> {
        let mut temps = local::TEMPS..local::TEMPS + u32::try_from(super::MOST_ARGS).unwrap_or(0);
        for part in parts {
            if let Written::Number(_, value) = part {
                self.value(value, number)?;
                let temp = temps.next().ok_or(Unfit)?;
                self.emit().local_set(temp);
            }
        }
        Ok(())
    }

    /// Sets [`local::LEN`] to the total length of the parts.
    fn len(&mut self, parts: &[Written]) {
        let mut own = 0;
        self.emit().i64_const(0);
        for part in parts {
            match part {
                Written::Line => {
                    self.emit().local_get(local::N).i64_extend_i32_u().i64_add();
                }
                Written::Text(_) => (),
                Written::Bytes(bytes) => own += bytes.len(),
                Written::Number(width, _) => own += width.bytes(),
                Written::Leb(_) => (),
            }
        }
        self.emit().i64_const(i64::try_from(own).unwrap_or(i64::MAX)).i64_add().local_set(local::LEN);
    }

    /// Gets stuck if the data is longer than the space for it.
    fn room(&mut self, within: Option<&Val>, number: usize) -> Fit<()> {
        let Some(room) = within else { return Ok(()) };
        self.emit().local_get(local::LEN);
        self.value(room, number)?;
        self.emit().i64_gt_u();
        if let Val::Slot(slot) = room {
            self.emit().i32_const(0).i32_load(place(OWN, is_set(*slot))).i32_and();
        }
        self.stuck_if(number);
        Ok(())
    }

    /// The offset and length of constant bytes in the driver's memory.
    fn text(&mut self, bytes: &[u8]) -> Fit<(i32, i32)> {
        let at = layout::TEXTS as usize + self.texts.len();
        if at + bytes.len() > LENGTHS as usize {
            return Err(Unfit);
        }
        self.texts.extend_from_slice(bytes);
        Ok((i32::try_from(at).map_err(|_| Unfit)?, i32::try_from(bytes.len()).map_err(|_| Unfit)?))
    }

    pub(super) fn store(&mut self, width: Width) {
        let mut code = self.emit();
        match width {
            Width::U8 => code.i64_store8(place(GUEST, 0)),
            Width::U16 => code.i64_store16(place(GUEST, 0)),
            Width::U32 => code.i64_store32(place(GUEST, 0)),
            Width::U64 => code.i64_store(place(GUEST, 0)),
        };
    }

    /// Appends bytes from the guest's memory to the answer.
    pub(super) fn read(&mut self, span: &Bytes, number: usize) -> Fit<()> {
        let is_utf16 = span.encoding == Encoding::Utf16;
        // All parts of an answer are decoded together.
        if is_utf16 != self.is_utf16() || matches!(span.encoding, Encoding::Hex | Encoding::Latin1) {
            return Err(Unfit);
        }
        self.extent(span, number)?;
        self.in_bounds(number);
        // The maximum answer, plus a separator.
        let mut code = self.emit();
        code.local_get(local::LEN);
        code.local_get(local::END).local_get(local::ANSWER).i32_sub().i64_extend_i32_u();
        code.i64_add();
        if is_utf16 {
            // Two bytes of UTF-16 are up to three of UTF-8: near the limit, the host decides.
            code.i64_const(2).i64_mul();
        }
        code.local_get(local::LONGEST).i64_gt_u();
        code.local_get(local::LEN);
        code.i32_const(ANSWERS_END.cast_signed()).local_get(local::END).i32_sub().i64_extend_i32_u();
        code.i64_ge_u().i32_or();
        if is_utf16 {
            code.local_get(local::LEN).i32_wrap_i64().i32_const(1).i32_and().i32_or();
        }
        self.stuck_if(number);
        let Helpers { read, surrogates, .. } = self.helpers;
        let mut code = self.emit();
        code.local_get(local::END)
            .local_get(local::ADDR)
            .i32_wrap_i64()
            .local_get(local::LEN)
            .i32_wrap_i64()
            .call(read);
        if is_utf16 {
            // They may be unpaired, which is a failure.
            code.local_get(local::END).local_get(local::LEN).i32_wrap_i64().call(surrogates);
            self.stuck_if(number);
        }
        let mut code = self.emit();
        code.local_get(local::END).local_get(local::LEN).i32_wrap_i64().i32_add().local_set(local::END);
        Ok(())
    }

    /// Sets [`local::ADDR`] and [`local::LEN`] to the address and length of a span.
    fn extent(&mut self, span: &Bytes, number: usize) -> Fit<()> {
        match &span.len {
            Len::Bytes(len) => {
                self.value(len, number)?;
                self.value(&span.at, number)?;
                self.emit().local_set(local::ADDR).local_set(local::LEN);
            }
            Len::To(end) => {
                self.value(end, number)?;
                self.value(&span.at, number)?;
                self.emit().local_set(local::ADDR).local_tee(local::LEN).local_get(local::ADDR).i64_lt_u();
                self.stuck_if(number);
                self.emit().local_get(local::LEN).local_get(local::ADDR).i64_sub().local_set(local::LEN);
            }
            Len::UntilZero => {
                self.value(&span.at, number)?;
                let until_zero = self.helpers.until_zero;
                let mut code = self.emit();
                code.local_tee(local::ADDR).local_get(local::SIZE).call(until_zero).local_tee(local::LEN);
                code.i64_const(0).i64_lt_s();
                self.stuck_if(number);
            }
        }
        Ok(())
    }
}
