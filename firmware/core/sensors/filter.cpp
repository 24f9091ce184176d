#include "filter.hpp"

#include <algorithm>
#include <cstdlib>

namespace egiz::sensors {

void MedianFilter::set_window(std::size_t samples) {
    const std::size_t window = std::clamp<std::size_t>(samples, 1, longest_window);
    if (window == window_) return;
    window_ = window;
    count_ = next_ = 0;
}

Measured MedianFilter::push(Measured measured) {
    if (measured.quality != Quality::ok) {
        count_ = next_ = 0;
        return measured;
    }
    recent_[next_] = measured.raw;
    next_ = (next_ + 1) % window_;
    count_ = std::min(count_ + 1, window_);
    std::array<std::int32_t, longest_window> sorted = recent_;
    const auto middle = sorted.begin() + static_cast<std::ptrdiff_t>((count_ - 1) / 2);
    std::nth_element(sorted.begin(), middle, sorted.begin() + static_cast<std::ptrdiff_t>(count_));
    return Measured::good(*middle);
}

void Freshness::store(Measured measured, std::uint64_t now_ms) {
    last_ = measured;
    stored_ms_ = now_ms;
}

Measured Freshness::at(std::uint64_t now_ms) const {
    if (last_.quality != Quality::ok) return last_;
    return now_ms - stored_ms_ > max_age_ms_ ? Measured::bad(Quality::stale) : last_;
}

bool ChangeFilter::push(Measured measured) {
    const bool both_good = measured.quality == Quality::ok && reported_.quality == Quality::ok;
    if (both_good) {
        const std::int64_t moved = std::int64_t{measured.raw} - reported_.raw;
        if (std::llabs(moved) < step_) return false;
    } else if (measured.quality == reported_.quality) {
        return false;
    }
    reported_ = measured.quality == Quality::ok ? measured : Measured::bad(measured.quality);
    return true;
}

bool Contact::push(bool closed, std::uint64_t now_ms) {
    const Heating level = closed ? Heating::on : Heating::off;
    if (level != candidate_) {
        candidate_ = level;
        since_ms_ = now_ms;
    }
    if (candidate_ == state_ || now_ms - since_ms_ < settle_ms_) return false;
    state_ = candidate_;
    return true;
}

void Presence::answered() {
    seen_ = true;
    failures_ = 0;
    next_ms_ = 0;
}

void Presence::failed(std::uint64_t now_ms) {
    // Three samples in a row may fail by chance; then 2, 4, 8 ... seconds up to half a minute.
    constexpr std::uint32_t tolerated = 3;
    constexpr std::uint32_t longest_shift = 5;
    failures_ = std::min(failures_ + 1, tolerated + longest_shift);
    if (failures_ <= tolerated) return;
    next_ms_ = now_ms + std::min<std::uint64_t>(1'000ULL << (failures_ - tolerated), 30'000);
}

}  // namespace egiz::sensors
