//! [`dispatch_table!`](crate::dispatch_table): from the rows to an array of functions.

/// Defines a kernel's dispatch for the architecture that it is compiled for:
///
/// ```text
/// elfin_syscalls::dispatch_table! {
///     entry: (frame: &mut Frame, thread: &Thread) => &mut Cx { frame, thread },
///     context: crate::sys::Cx<'_>,
///     handlers: crate::sys::handlers,
///     unknown: crate::sys::unknown,
/// }
/// ```
///
/// defines
/// * `type SysFn = extern "C" fn(&mut Frame, &Thread) -> isize`, which makes the context of what
///   the entry gives it, and gives the encoded result;
/// * `static DISPATCH: [SysFn; N]`, indexed by number, and `UNKNOWN`, the function for all others.
///
/// The context has `fn word(&self, n: usize) -> usize`, the register of argument `n`, 0 to 5. A
/// `full` or `partial` row becomes a function that makes the typed arguments in order and calls `handlers::name(cx, …)`. A `fake` row returns its value. Stubs and unused numbers are
/// `unknown`, which takes the context: it logs once by name (the context knows the number) and
/// returns `ENOSYS`.
#[macro_export]
macro_rules! dispatch_table {
    (
        entry: ($($given:ident: $given_type:ty),+) => $make:expr,
        context: $cx:ty,
        handlers: $($handlers:ident)::+,
        unknown: $($unknown:ident)::+ $(,)?
    ) => {
        /// The function behind a system call number.
        pub type SysFn = extern "C" fn($($given_type),+) -> isize;

        /// The functions of this architecture, by number.
        pub static DISPATCH: [SysFn; $crate::NATIVE_LEN] = __dispatch::table();

        /// The function for numbers that have none.
        pub const UNKNOWN: SysFn = __dispatch::unknown;

        #[doc(hidden)]
        mod __dispatch {
            use super::SysFn;
            use $crate::abi::*;
            use $crate::args::*;
            use $crate::{__dispatch_function, __dispatch_rows};
            use $($handlers)::+ as handlers;

            $crate::syscall_table! {
                __dispatch_rows {
                    (($($given: $given_type),+) ($make) ($cx)) ($($unknown)::+)
                }
            }
        }
    };
}

#[doc(hidden)]
#[macro_export]
macro_rules! __dispatch_rows {
    ({ $entry:tt ($unknown:path) }
        $($name:ident { $x86_64:tt, $arm64:tt } $status:ident $(($($note:literal),+))?
          ($($arg:ident : $ty:ty),*) [$($proof:literal),*];)*
    ) => {
        $(__dispatch_function! { $status $name $entry ($($($note),+)?) ($($ty),*) })*

        $crate::__dispatch_unknown! { $entry $unknown }

        /// Fills the table; every place without a function of its own is the unknown one.
        pub(super) const fn table() -> [SysFn; $crate::NATIVE_LEN] {
            let mut table: [SysFn; $crate::NATIVE_LEN] = [unknown; $crate::NATIVE_LEN];
            $($crate::__dispatch_entry! { $status $name { $x86_64, $arm64 } table })*
            table
        }
    };
}

#[doc(hidden)]
#[macro_export]
macro_rules! __dispatch_function {
    (
        full $name:ident
        (($($given:ident: $given_type:ty),+) ($make:expr) ($cx:ty)) $note:tt $types:tt
    ) => {
        extern "C" fn $name($($given: $given_type),+) -> isize {
            #[inline(always)]
            fn call(cx: &mut $cx) -> $crate::SysResult {
                $crate::__call!(handlers::$name, cx, $types)
            }
            $crate::encode(call($make))
        }
    };
    (partial $name:ident $entry:tt $note:tt $types:tt) => {
        $crate::__dispatch_function! { full $name $entry $note $types }
    };
    (
        fake $name:ident
        (($($given:ident: $given_type:ty),+) ($make:expr) ($cx:ty))
        ($value:literal, $why:literal) $types:tt
    ) => {
        extern "C" fn $name($(_: $given_type),+) -> isize {
            $crate::encode(Ok($value))
        }
    };
    (stub $name:ident $entry:tt $note:tt $types:tt) => {};
}

/// The function for numbers without one of their own.
#[doc(hidden)]
#[macro_export]
macro_rules! __dispatch_unknown {
    ((($($given:ident: $given_type:ty),+) ($make:expr) ($cx:ty)) $unknown:path) => {
        /// Serves the numbers that have no function.
        pub(super) extern "C" fn unknown($($given: $given_type),+) -> isize {
            $crate::encode($unknown($make))
        }
    };
}

#[doc(hidden)]
#[macro_export]
macro_rules! __dispatch_entry {
    (stub $name:ident $numbers:tt $table:ident) => {};
    ($status:ident $name:ident { $x86_64:tt, $arm64:tt } $table:ident) => {
        if let Some(number) =
            $crate::native_number([$crate::__number!($x86_64), $crate::__number!($arm64)])
        {
            $table[number] = $name;
        }
    };
}

/// A number of the table, or the mark for none.
#[doc(hidden)]
#[macro_export]
macro_rules! __number {
    (_) => {
        $crate::NO_NUMBER
    };
    ($number:literal) => {
        $number
    };
}

/// Calls a handler with the typed arguments made from the caller's words, in order.
#[doc(hidden)]
#[macro_export]
macro_rules! __call {
    ($f:path, $cx:ident, ()) => {
        $f($cx)
    };
    ($f:path, $cx:ident, ($a:ty)) => {{
        let a = $crate::arg::<$a>($cx.word(0))?;
        $f($cx, a)
    }};
    ($f:path, $cx:ident, ($a:ty, $b:ty)) => {{
        let (a, b) = ($crate::arg::<$a>($cx.word(0))?, $crate::arg::<$b>($cx.word(1))?);
        $f($cx, a, b)
    }};
    ($f:path, $cx:ident, ($a:ty, $b:ty, $c:ty)) => {{
        let (a, b) = ($crate::arg::<$a>($cx.word(0))?, $crate::arg::<$b>($cx.word(1))?);
        let c = $crate::arg::<$c>($cx.word(2))?;
        $f($cx, a, b, c)
    }};
    ($f:path, $cx:ident, ($a:ty, $b:ty, $c:ty, $d:ty)) => {{
        let (a, b) = ($crate::arg::<$a>($cx.word(0))?, $crate::arg::<$b>($cx.word(1))?);
        let (c, d) = ($crate::arg::<$c>($cx.word(2))?, $crate::arg::<$d>($cx.word(3))?);
        $f($cx, a, b, c, d)
    }};
    ($f:path, $cx:ident, ($a:ty, $b:ty, $c:ty, $d:ty, $e:ty)) => {{
        let (a, b) = ($crate::arg::<$a>($cx.word(0))?, $crate::arg::<$b>($cx.word(1))?);
        let (c, d) = ($crate::arg::<$c>($cx.word(2))?, $crate::arg::<$d>($cx.word(3))?);
        let e = $crate::arg::<$e>($cx.word(4))?;
        $f($cx, a, b, c, d, e)
    }};
    ($f:path, $cx:ident, ($a:ty, $b:ty, $c:ty, $d:ty, $e:ty, $g:ty)) => {{
        let (a, b) = ($crate::arg::<$a>($cx.word(0))?, $crate::arg::<$b>($cx.word(1))?);
        let (c, d) = ($crate::arg::<$c>($cx.word(2))?, $crate::arg::<$d>($cx.word(3))?);
        let (e, g) = ($crate::arg::<$e>($cx.word(4))?, $crate::arg::<$g>($cx.word(5))?);
        $f($cx, a, b, c, d, e, g)
    }};
}
