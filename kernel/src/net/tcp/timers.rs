//! What happens when a connection's deadline has come.

use super::tcb::{Effects, NEVER, State, Tcb};
use crate::net::stack::Stack;
use elfin_syscalls::Errno;

const SECOND: u64 = 1_000_000_000;
const MS: u64 = 1_000_000;
/// Retransmissions before a connection is given up (`tcp_retries2`).
const RETRIES: u32 = 15;
/// The same when nobody has the socket open any more (`tcp_orphan_retries`).
const ORPHAN_RETRIES: u32 = 8;

impl Tcb {
    /// Handles the deadlines that `now` has reached.
    pub fn on_timer(&mut self, stack: &'static Stack, now: u64) -> Effects {
        let mut effects = Effects::NONE;
        if self.deadlines.ack <= now {
            self.deadlines.ack = NEVER;
            self.ack_now = true;
            effects.output = true;
        }
        if self.deadlines.life <= now {
            return self.kill(None);
        }
        if self.deadlines.retransmit <= now {
            self.deadlines.retransmit = NEVER;
            effects = self.on_retransmit(stack, now);
        }
        if self.deadlines.keepalive <= now {
            effects = self.on_keepalive(stack, now, effects);
        }
        effects
    }

    fn on_retransmit(&mut self, stack: &'static Stack, now: u64) -> Effects {
        let output = Effects { output: true, ..Effects::NONE };
        if matches!(self.state, State::SynSent | State::SynReceived) {
            if self.backoff >= u32::from(self.tuning.syn_retries) || self.out_of_patience(now) {
                return self.kill(Some(Errno::ETIMEDOUT));
            }
            self.backoff += 1;
            self.nxt = self.una;
            self.retransmits = self.retransmits.wrapping_add(1);
            return output;
        }
        let flight = self.max.distance(self.una);
        let nothing_to_do = flight == 0 && self.tx.is_empty() && !self.fin_queued;
        if nothing_to_do {
            return Effects::NONE;
        }
        let retries = if self.orphan { ORPHAN_RETRIES } else { RETRIES };
        // A peer that answers probes of its closed window may keep it closed for ever, unless
        // nobody is left here to care.
        let silent = flight > 0 || self.orphan || now.saturating_sub(self.heard_at) > 120 * SECOND;
        if (silent && self.backoff >= retries) || self.out_of_patience(now) {
            return self.kill(Some(Errno::ETIMEDOUT));
        }
        if flight == 0 {
            self.backoff += 1;
            self.deadlines.retransmit = now + self.rtt.timeout(self.backoff);
            if self.window > 0 {
                self.force = true;
                return output;
            }
            self.send_probe(stack, now);
            return Effects::NONE;
        }
        let again = self.backoff > 0;
        self.reno.timeout(flight, self.max, usize::from(self.mss), again);
        self.backoff += 1;
        self.rtt.retransmitted();
        self.retransmits = self.retransmits.wrapping_add(1);
        self.resend = false;
        self.nxt = self.una;
        output
    }

    /// Whether `TCP_USER_TIMEOUT` has passed without progress.
    fn out_of_patience(&self, now: u64) -> bool {
        let patience = u64::from(self.tuning.user_timeout) * MS;
        patience != 0 && now.saturating_sub(self.waiting_since) >= patience
    }

    fn on_keepalive(&mut self, stack: &'static Stack, now: u64, effects: Effects) -> Effects {
        let keepalive = self.tuning.keepalive;
        if !keepalive.on || !self.state.is_synchronized() {
            self.deadlines.keepalive = NEVER;
            return effects;
        }
        let idle = u64::from(keepalive.idle) * SECOND;
        let quiet_until = self.heard_at.saturating_add(idle);
        if !self.tx.is_empty() || self.max != self.una {
            // Retransmission watches over the connection.
            self.deadlines.keepalive = now + idle;
            return effects;
        }
        if now < quiet_until {
            self.deadlines.keepalive = quiet_until;
            return effects;
        }
        if self.probes >= keepalive.count {
            self.send_reset(stack, now);
            return self.kill(Some(Errno::ETIMEDOUT));
        }
        self.probes += 1;
        self.send_probe(stack, now);
        self.deadlines.keepalive = now + u64::from(keepalive.interval) * SECOND;
        effects
    }
}
