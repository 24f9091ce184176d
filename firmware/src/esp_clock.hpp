// Monotonic time from the high-resolution timer, UTC from NTP (FR-1.10).
#pragma once

#include "ports.hpp"

namespace egiz::esp {

class EspClock final : public Clock {
  public:
    std::uint64_t monotonic_ms() override;
    Result<std::uint64_t> utc_ms() override;

    // Until NTP answers, certificates are checked against this lower bound instead of 1970.
    void set_lower_bound(std::uint64_t utc_ms);
    // Asks the servers the DHCP lease names first, then `server` (may be empty). Call after the network is created.
    Status start_ntp(const char* server);
};

}  // namespace egiz::esp
