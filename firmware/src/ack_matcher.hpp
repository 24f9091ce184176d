// Joins "message 17 is token 4" with "message 17 was acknowledged". They come from two tasks, in either order: an
// acknowledgement on a fast network overtakes the return of the call that sent the message.
#pragma once

#include <array>
#include <cstdint>
#include <optional>

namespace egiz::esp {

struct Acknowledgement {
    std::uint32_t token = 0;
    bool accepted = false;
};

class AckMatcher {
  public:
    static constexpr std::size_t capacity = 32;  // more than the core has unacknowledged at a time

    // Each returns the acknowledgement that the call completed, if it did.
    std::optional<Acknowledgement> sent(std::int32_t message, std::uint32_t token) {
        for (Entry& entry : entries_) {
            if (entry.state != State::early || entry.message != message) continue;
            entry.state = State::free;
            return Acknowledgement{token, entry.accepted};
        }
        store({State::waiting, false, message, token});
        return std::nullopt;
    }
    std::optional<Acknowledgement> acknowledged(std::int32_t message, bool accepted) {
        for (Entry& entry : entries_) {
            if (entry.state != State::waiting || entry.message != message) continue;
            entry.state = State::free;
            return Acknowledgement{entry.token, accepted};
        }
        store({State::early, accepted, message, 0});
        return std::nullopt;
    }
    void clear() { entries_ = {}; }

  private:
    enum class State : std::uint8_t { free, waiting, early };
    struct Entry {
        State state = State::free;
        bool accepted = false;
        std::int32_t message = 0;
        std::uint32_t token = 0;
    };
    // Full only when acknowledgements stay out, and then the core gives the session up: what is lost is nothing.
    void store(const Entry& entry) {
        for (Entry& place : entries_) {
            if (place.state != State::free) continue;
            place = entry;
            return;
        }
    }

    std::array<Entry, capacity> entries_{};
};

}  // namespace egiz::esp
