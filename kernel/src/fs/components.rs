//! [`Text`]: the path being walked, component by component. Neighbour: [`super::walk`].

use alloc::borrow::Cow;
use alloc::vec::Vec;

use elfin_syscalls::Errno;

/// The path being walked: the caller's, or one that a symbolic link has led to.
pub(super) struct Text<'a> {
    given: &'a [u8],
    /// Instead of `given`, once a link was met.
    linked: Option<Vec<u8>>,
    at: usize,
}

/// One component: where it lies, and what follows it.
#[derive(Clone, Copy)]
pub(super) struct Component {
    start: usize,
    end: usize,
    /// Nothing but slashes follows.
    pub(super) last: bool,
    /// A slash follows.
    pub(super) slash: bool,
}

impl<'a> Text<'a> {
    /// The path as the caller gave it.
    pub(super) const fn new(given: &'a [u8]) -> Self {
        Self { given, linked: None, at: 0 }
    }

    fn bytes(&self) -> &[u8] {
        self.linked.as_deref().unwrap_or(self.given)
    }

    pub(super) fn rest(&self) -> &[u8] {
        self.bytes().get(self.at..).unwrap_or_default()
    }

    /// Takes the next component; `None` at the end.
    #[inline]
    pub(super) fn next(&mut self) -> Option<Component> {
        let bytes = self.linked.as_deref().unwrap_or(self.given);
        let mut rest = bytes.get(self.at..).unwrap_or_default();
        while let [b'/', tail @ ..] = rest {
            rest = tail;
        }
        let start = bytes.len() - rest.len();
        let len = rest.iter().position(|&byte| byte == b'/').unwrap_or(rest.len());
        rest = rest.get(len..).unwrap_or_default();
        let slash = !rest.is_empty();
        while let [b'/', tail @ ..] = rest {
            rest = tail;
        }
        self.at = bytes.len() - rest.len();
        (len > 0).then_some(Component { start, end: start + len, last: rest.is_empty(), slash })
    }

    pub(super) fn name(&self, component: Component) -> &[u8] {
        self.bytes().get(component.start..component.end).unwrap_or_default()
    }

    pub(super) fn into_name(self, component: Component) -> Cow<'a, [u8]> {
        match &self.linked {
            None => {
                Cow::Borrowed(self.given.get(component.start..component.end).unwrap_or_default())
            }
            Some(_) => Cow::Owned(self.name(component).to_vec()),
        }
    }

    /// Puts the text of a link before what is left.
    pub(super) fn follow(&mut self, target: &[u8], slash: bool) -> Result<(), Errno> {
        let rest = self.rest();
        let mut text = Vec::new();
        text.try_reserve_exact(target.len() + 1 + rest.len()).map_err(|_| Errno::ENOMEM)?;
        text.extend_from_slice(target);
        if slash {
            text.push(b'/');
        }
        text.extend_from_slice(rest);
        self.linked = Some(text);
        self.at = 0;
        Ok(())
    }
}
