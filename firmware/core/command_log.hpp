// The last 32 commands and how they ended, so that a repeated command repeats its answer and does nothing
// (QoS 1 and QoS 2 both deliver twice in practice). Survives a restart.
#pragma once

#include <array>
#include <cstdint>

#include "command_result.hpp"
#include "ports.hpp"

namespace egiz {

class CommandLog {
  public:
    static constexpr std::size_t max_entries = 32;

    explicit CommandLog(KeyValue& kv) : kv_(kv) {}

    void load();
    // The remembered answer; of its texts only the latest few are complete, older ones carry state and code.
    [[nodiscard]] bool find(std::string_view id, CommandResult& out) const;
    // Adds or replaces. io: remembered for this boot only.
    Status remember(const CommandResult& result);

  private:
    struct Entry {
        std::uint64_t id_hash = 0;
        std::uint32_t revision = 0;
        ReportedState state{};
        Code code{};
    };
    Status store();

    static constexpr std::size_t max_full = 2;
    KeyValue& kv_;
    std::array<Entry, max_entries> entries_{};
    std::size_t count_ = 0;
    std::size_t next_ = 0;
    std::array<CommandResult, max_full> full_{};
    std::size_t next_full_ = 0;
};

}  // namespace egiz
