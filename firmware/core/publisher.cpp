#include "publisher.hpp"

#include <algorithm>

namespace egiz {

Publisher::Publisher(Backlog& backlog, std::size_t limit)
    : backlog_(backlog), limit_(std::clamp<std::size_t>(limit, 1, max_window)) {}

void Publisher::push(const RecordBytes& record) {
    backlog_.push(record);
    follow_losses();
}

void Publisher::follow_losses() {
    const std::size_t lost = std::min(backlog_.take_front_losses(), tracked_);
    head_ = (head_ + lost) % max_window;
    tracked_ -= lost;
    if (lost > 0) pop_done();
}

std::size_t Publisher::in_flight() const {
    std::size_t n = 0;
    for (std::size_t i = 0; i < tracked_; ++i) n += at(i).state == State::sent ? 1 : 0;
    return n;
}

std::uint64_t Publisher::oldest_sent_ms() const {
    for (std::size_t i = 0; i < tracked_; ++i) {
        if (at(i).state == State::sent) return at(i).sent_ms;
    }
    return 0;
}

Result<std::size_t> Publisher::next() {
    follow_losses();
    if (in_flight() >= limit_) return Err::busy;
    for (std::size_t i = 0; i < tracked_; ++i) {
        if (at(i).state == State::waiting) return i;
    }
    if (tracked_ >= limit_ || tracked_ >= backlog_.size()) return Err::not_found;
    return tracked_;
}

void Publisher::sent(std::size_t index, std::uint32_t token, std::uint64_t now_ms) {
    if (index > tracked_ || index >= max_window) return;
    if (index == tracked_) ++tracked_;
    at(index) = {token, now_ms, State::sent};
}

bool Publisher::acknowledged(std::uint32_t token, bool accepted) {
    follow_losses();
    for (std::size_t i = 0; i < tracked_; ++i) {
        Entry& entry = at(i);
        if (entry.state != State::sent || entry.token != token) continue;
        entry.state = accepted ? State::done : State::waiting;
        if (accepted) {
            ++acknowledged_total_;
            pop_done();
        } else {
            ++refused_total_;
        }
        return true;
    }
    return false;
}

void Publisher::pop_done() {
    while (tracked_ > 0 && at(0).state == State::done) {
        backlog_.pop_front();
        head_ = (head_ + 1) % max_window;
        --tracked_;
    }
}

void Publisher::discard(std::size_t index) {
    if (index > tracked_ || index >= max_window) return;
    if (index == tracked_) {
        ++tracked_;
        at(index) = {};
    }
    at(index).state = State::done;
    pop_done();
}

void Publisher::connection_lost() {
    for (std::size_t i = 0; i < tracked_; ++i) {
        if (at(i).state == State::sent) at(i).state = State::waiting;
    }
}

}  // namespace egiz
