// TLS needs one block of 17 KB for each handshake. A heap that has been cut up by long outages gives none any more, and
// only a restart mends it.
#pragma once

#include <cstdint>

namespace egiz::esp {

class HeapWatch {
  public:
    // True when the board has been offline with too small a largest block for ten minutes.
    constexpr bool restart_needed(std::uint64_t now_ms, bool online, std::uint32_t largest_block) {
        if (online || largest_block >= needed_block) {
            since_ms_ = 0;
            return false;
        }
        if (since_ms_ == 0) since_ms_ = now_ms;
        return now_ms - since_ms_ >= patience_ms;
    }

  private:
    static constexpr std::uint32_t needed_block = 20 * 1024;
    static constexpr std::uint64_t patience_ms = 600'000;
    std::uint64_t since_ms_ = 0;
};

}  // namespace egiz::esp
