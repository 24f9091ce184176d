// The one word about a board's condition in its heartbeat, and the one condition that only a restart mends.
#pragma once

#include <cstdint>
#include <string_view>

#include "ports.hpp"

namespace egiz {

struct HealthFacts {
    bool safe_mode = false;
    bool backlog_in_flash = true;
    bool time_synced = true;
    bool sensors_good = true;      // at least one value of the last sample could be published
    std::uint32_t dropped = 0;
    std::uint32_t largest_block = 0;  // 0: unknown
};

class Health {
  public:
    // A TLS handshake needs one block of about 17 KB; below this it cannot succeed any more.
    static constexpr std::uint32_t least_block = 20'000;
    static constexpr std::uint32_t failures_before_restart = 10;

    // The heap only fragments further: after this many attempts in a row that it may have failed, start over.
    void connect_failed(const HeapInfo& heap) {
        const bool starved = heap.largest_block != 0 && heap.largest_block < least_block;
        starved_failures_ = starved ? starved_failures_ + 1 : 0;
    }
    void connected() { starved_failures_ = 0; }
    [[nodiscard]] bool restart_wanted() const { return starved_failures_ >= failures_before_restart; }

    // The worst thing first: safe_mode, flash_failed, low_memory, sensors_failed, records_dropped, time_unknown, ok.
    [[nodiscard]] static std::string_view word(const HealthFacts& facts);

  private:
    std::uint32_t starved_failures_ = 0;
};

}  // namespace egiz
