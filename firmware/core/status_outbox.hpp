// Answers to commands, kept until the broker has them (QoS 2).
#pragma once

#include <array>
#include <cstdint>

#include "command_result.hpp"

namespace egiz {

class StatusOutbox {
  public:
    static constexpr std::size_t max_results = 6;

    // A newer answer to the same command replaces one that has not left yet. When full, the oldest unsent progress
    // report gives way, else the oldest answer: the service asks again for what it misses.
    void add(const CommandResult& result);
    // The oldest answer that is not on its way; nullptr when there is none.
    [[nodiscard]] const CommandResult* next() const;
    void sent(std::uint32_t token);            // marks what next() returned
    // True when the token was ours; `out` is the answer that left. Also for a refused one: the broker's reason
    // (rights, size) would be the same next time.
    bool settled(std::uint32_t token, CommandResult& out);
    void connection_lost();
    [[nodiscard]] std::size_t size() const { return count_; }
    [[nodiscard]] bool holds(std::string_view id) const;

  private:
    struct Entry {
        CommandResult result;
        std::uint32_t token = 0;  // 0: waiting
    };
    void remove(std::size_t index);
    [[nodiscard]] std::size_t victim() const;

    std::array<Entry, max_results> entries_{};
    std::size_t count_ = 0;
};

}  // namespace egiz
