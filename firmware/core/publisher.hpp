// FR-2.6: at most `limit` telemetry messages are unacknowledged at any moment. The window lies over the oldest
// records of the backlog: entry i describes record i. Records leave the backlog only in order, when acknowledged.
#pragma once

#include <array>
#include <cstdint>

#include "backlog.hpp"

namespace egiz {

class Publisher {
  public:
    static constexpr std::size_t max_window = 100;
    // 16 keeps a 20 ms link busy at 800 messages a second and leaves room for status messages below the limit.
    static constexpr std::size_t default_window = 16;

    explicit Publisher(Backlog& backlog, std::size_t limit = default_window);

    // Adds a record; the window moves when the oldest one is dropped.
    void push(const RecordBytes& record);
    // Index of the next record to send; not_found when the window is full or nothing waits.
    [[nodiscard]] Result<std::size_t> next();
    void sent(std::size_t index, std::uint32_t token, std::uint64_t now_ms);
    // True when the token was one of ours. Refused messages go out again later.
    bool acknowledged(std::uint32_t token, bool accepted);
    // The record cannot be read or encoded any more: it counts as dropped and the window goes on.
    void discard(std::size_t index);
    // Nothing that was sent will be acknowledged any more; what was acknowledged stays acknowledged.
    void connection_lost();

    [[nodiscard]] std::size_t in_flight() const;
    [[nodiscard]] std::size_t limit() const { return limit_; }
    // When the oldest unacknowledged message was sent; 0 when none is.
    [[nodiscard]] std::uint64_t oldest_sent_ms() const;
    [[nodiscard]] std::uint32_t acknowledged_total() const { return acknowledged_total_; }
    [[nodiscard]] std::uint32_t refused_total() const { return refused_total_; }

  private:
    enum class State : std::uint8_t { waiting, sent, done };
    struct Entry {
        std::uint32_t token = 0;
        std::uint64_t sent_ms = 0;
        State state = State::waiting;
    };
    Entry& at(std::size_t index) { return entries_[(head_ + index) % max_window]; }
    [[nodiscard]] const Entry& at(std::size_t index) const { return entries_[(head_ + index) % max_window]; }
    void follow_losses();
    void pop_done();

    Backlog& backlog_;
    std::size_t limit_;
    std::array<Entry, max_window> entries_{};
    std::size_t head_ = 0;
    std::size_t tracked_ = 0;  // entries that describe records 0..tracked_-1
    std::uint32_t acknowledged_total_ = 0;
    std::uint32_t refused_total_ = 0;
};

}  // namespace egiz
