#include "boot_guard.hpp"

#include <array>

#include "bytes.hpp"

namespace egiz {

std::uint32_t BootGuard::arm() {
    crashes_ = system_.crash_count();
    // Counted before the first driver runs, so that a crash in any of them is on the account.
    system_.set_crash_count(crashes_ + 1);
    safe_mode_ = crashes_ >= safe_mode_after;
    std::array<std::uint8_t, 4> blob{};
    std::uint32_t boot_id = 0;
    const Result<std::size_t> size = kv_.get("boot_id", blob);
    if (size.ok() && size.value() == blob.size()) boot_id = ByteReader(blob).u32();
    ++boot_id;
    ByteWriter(blob).le(boot_id, 4);
    (void)kv_.put("boot_id", blob);
    return boot_id;
}

void BootGuard::tick(std::uint64_t monotonic_ms, bool connected) {
    if (connected && !was_connected_) connected_since_ = monotonic_ms;
    was_connected_ = connected;
    if (cleared_ || !connected || monotonic_ms - connected_since_ < healthy_after_ms) return;
    cleared_ = true;
    system_.set_crash_count(0);
}

void BootGuard::orderly_restart() {
    // In safe mode the count stays one below the limit: the next boot tries in full, a further crash comes back here.
    system_.set_crash_count(safe_mode_ ? safe_mode_after - 1 : 0);
}

}  // namespace egiz
