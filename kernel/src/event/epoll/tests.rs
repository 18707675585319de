//! Tests of epoll with eventfds, which need no machine.

use super::*;
use crate::event::eventfd::EventFd;
use crate::fs::Source;
use elfin_syscalls::args::OpenFlags;

fn eventfd() -> Arc<OpenFile> {
    OpenFile::new(EventFd::new(0, false), OpenFlags::RDWR | OpenFlags::NONBLOCK, None)
}

fn fire(file: &OpenFile) {
    file.write(&mut Source::kernel(&1u64.to_ne_bytes())).unwrap();
}

fn event(events: EpollEvents, data: u64) -> EpollEvent {
    EpollEvent::new(events, data)
}

fn wait(epoll: &Epoll, max: usize) -> Vec<u64> {
    let mut seen = Vec::new();
    let mut emit = |_: usize, event: EpollEvent| {
        seen.push(event.data);
        Ok(())
    };
    epoll.wait(max, Some(0), &mut emit).unwrap();
    seen
}

#[test]
fn level_repeats_and_edge_does_not() {
    let epoll = Epoll::new();
    let (level, edge) = (eventfd(), eventfd());
    epoll.add(Fd(3), &level, event(EpollEvents::IN, 3)).unwrap();
    epoll.add(Fd(4), &edge, event(EpollEvents::IN | EpollEvents::ET, 4)).unwrap();
    assert_eq!(wait(&epoll, 8), []);
    fire(&level);
    fire(&edge);
    assert_eq!(wait(&epoll, 8), [3, 4]);
    assert_eq!(wait(&epoll, 8), [3]);
    fire(&edge);
    assert_eq!(wait(&epoll, 8), [3, 4]);
}

#[test]
fn oneshot_waits_for_a_change_of_interest() {
    let epoll = Epoll::new();
    let file = eventfd();
    let once = EpollEvents::IN | EpollEvents::ONESHOT;
    epoll.add(Fd(3), &file, event(once, 7)).unwrap();
    fire(&file);
    assert_eq!(wait(&epoll, 8), [7]);
    fire(&file);
    assert_eq!(wait(&epoll, 8), []);
    epoll.modify(Fd(3), &file, event(once, 8)).unwrap();
    assert_eq!(wait(&epoll, 8), [8]);
}

#[test]
fn takes_turns_when_there_is_little_room() {
    let epoll = Epoll::new();
    let files: Vec<_> = (0..5).map(|_| eventfd()).collect();
    for (fd, file) in (0..).zip(&files) {
        epoll.add(Fd(fd), file, event(EpollEvents::IN, fd.unsigned_abs().into())).unwrap();
        fire(file);
    }
    assert_eq!(wait(&epoll, 2), [0, 1]);
    assert_eq!(wait(&epoll, 2), [2, 3]);
    assert_eq!(wait(&epoll, 3), [4, 0, 1]);
}

#[test]
fn closing_a_file_removes_it() {
    let epoll = Epoll::new();
    let file = eventfd();
    epoll.add(Fd(3), &file, event(EpollEvents::OUT, 1)).unwrap();
    assert_eq!(epoll.add(Fd(3), &file, event(EpollEvents::OUT, 1)), Err(Errno::EEXIST));
    assert_eq!(wait(&epoll, 8), [1]);
    drop(file);
    assert_eq!(wait(&epoll, 8), []);
    assert_eq!(epoll.0.items.lock().len(), 0);
}

#[test]
fn refuses_loops() {
    let files: Vec<_> =
        (0..3).map(|_| OpenFile::new(Epoll::new(), OpenFlags::RDWR, None)).collect();
    let add = |outer: usize, inner: usize| {
        Epoll::of(&files[outer]).unwrap().add(
            Fd(inner as i32),
            &files[inner],
            event(EpollEvents::IN, 0),
        )
    };
    assert_eq!(add(0, 1), Ok(()));
    assert_eq!(add(1, 2), Ok(()));
    assert_eq!(add(2, 0), Err(Errno::ELOOP));
    assert_eq!(add(1, 0), Err(Errno::ELOOP));
    let inner = eventfd();
    Epoll::of(&files[2]).unwrap().add(Fd(9), &inner, event(EpollEvents::IN, 5)).unwrap();
    assert_eq!(files[0].poll(None), PollEvents::empty());
    fire(&inner);
    assert_eq!(files[0].poll(None), PollEvents::READABLE);
}
