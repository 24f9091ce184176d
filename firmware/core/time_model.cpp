#include "time_model.hpp"

#include <algorithm>

#include "bytes.hpp"

namespace egiz {
namespace {
constexpr std::string_view key = "epoch";
// A stored time beyond this (year 2100) is damage, not history.
constexpr std::uint64_t latest_ms = 4'102'444'800'000;
}  // namespace

void TimeModel::start() {
    std::uint64_t lower = build_ms_;
    std::array<std::uint8_t, 12> blob{};
    const Result<std::size_t> size = kv_.get(key, blob);
    if (size.ok() && size.value() == blob.size()) {
        ByteReader in(blob);
        const std::uint64_t stored = in.le(8);
        if (in.u32() == crc32({blob.data(), 8}) && stored < latest_ms) lower = std::max(lower, stored);
    }
    const std::uint64_t mono = clock_.monotonic_ms();
    estimate_offset_ = lower > mono ? lower - mono : 0;
    offset_ = estimate_offset_;
    synced_ = false;
    tick();
}

void TimeModel::tick() {
    const Result<std::uint64_t> utc = clock_.utc_ms();
    const std::uint64_t mono = clock_.monotonic_ms();
    // NTP is not authenticated: a time before this firmware was built, or far ahead, is not believed.
    if (utc.ok() && utc.value() >= build_ms_ && utc.value() < latest_ms && utc.value() >= mono) {
        offset_ = utc.value() - mono;
        if (!synced_) {
            synced_ = true;
            correction_ = offset_ > estimate_offset_ ? offset_ - estimate_offset_ : 0;
            next_store_ms_ = mono;
        }
    }
    if (synced_ && mono >= next_store_ms_) {
        store();
        next_store_ms_ = mono + store_every_ms;
    }
}

void TimeModel::store() {
    if (!synced_) return;
    std::array<std::uint8_t, 12> blob{};
    ByteWriter out(blob);
    out.le(now_ms(), 8);
    out.le(crc32({blob.data(), 8}), 4);
    (void)kv_.put(key, blob);
}

std::uint64_t TimeModel::now_ms() const { return clock_.monotonic_ms() + offset_; }

std::uint64_t TimeModel::corrected(std::uint64_t estimated_ms) const {
    return synced_ ? estimated_ms + correction_ : estimated_ms;
}

}  // namespace egiz
