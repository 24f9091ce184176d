#include "backlog.hpp"

#include <algorithm>

namespace egiz {

Status Backlog::open() {
    const Status opened = ring_.open();
    flash_ok_ = opened.ok();
    while (ring_.size() > capacity()) drop_front();
    return opened;
}

std::size_t Backlog::capacity() const {
    return ring_.usable() ? std::min(max_records, ring_.capacity()) : ram_records;
}

std::size_t Backlog::take_front_losses() {
    const std::size_t n = front_losses_;
    front_losses_ = 0;
    return n;
}

void Backlog::push(const RecordBytes& record) {
    if (size() >= capacity()) drop_front();
    if (ram_count_ == ram_records && !spill_oldest()) drop_oldest_in_ram();
    ram_[(ram_head_ + ram_count_) % ram_records] = record;
    ++ram_count_;
    if (offline_) persist();
}

// Flash refuses, so only dropping from RAM makes room. That is the middle of the backlog when flash still holds
// older records; reporting everything as lost makes a window start over (repeats are allowed, a wrong match is not).
void Backlog::drop_oldest_in_ram() {
    front_losses_ += ring_.size() == 0 ? 1 : max_records;
    ram_head_ = (ram_head_ + 1) % ram_records;
    --ram_count_;
    ++dropped_;
}

bool Backlog::spill_oldest() {
    const std::size_t before = ring_.size();
    flash_ok_ = ring_.append(ram_[ram_head_]).ok();
    // A ring with many bad slots gives up its oldest sector on its own; those records are lost and counted.
    const std::size_t expected = before + (flash_ok_ ? 1 : 0);
    if (ring_.size() < expected) {
        front_losses_ += expected - ring_.size();
        dropped_ += static_cast<std::uint32_t>(expected - ring_.size());
    }
    if (!flash_ok_) return false;
    ram_head_ = (ram_head_ + 1) % ram_records;
    --ram_count_;
    return true;
}

void Backlog::persist() {
    while (ram_count_ > 0 && spill_oldest()) {
    }
}

void Backlog::set_offline(bool offline) {
    offline_ = offline;
    if (offline) persist();
}

Result<RecordBytes> Backlog::read(std::size_t index) {
    if (index < ring_.size()) return ring_.read(index);
    index -= ring_.size();
    if (index >= ram_count_) return Err::not_found;
    return ram_[(ram_head_ + index) % ram_records];
}

void Backlog::pop_front() {
    if (ring_.size() > 0) {
        ring_.drop_front();
    } else if (ram_count_ > 0) {
        ram_head_ = (ram_head_ + 1) % ram_records;
        --ram_count_;
    }
}

void Backlog::drop_front() {
    if (size() == 0) return;
    pop_front();
    ++dropped_;
    ++front_losses_;
}

}  // namespace egiz
