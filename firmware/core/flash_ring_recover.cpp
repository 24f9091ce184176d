// The half of the flash ring that runs once per boot: it believes only checksums.
#include "bytes.hpp"
#include "flash_ring.hpp"
#include "flash_ring_layout.hpp"

namespace egiz {

using namespace ring_layout;

Status FlashRing::open() {
    const std::size_t sector_size = flash_.sector_size();
    const std::size_t sectors = flash_.sector_count();
    data_sectors_ = 0;
    const std::size_t slots = sector_size / record_size;
    // A live word has 64 bits and a record needs a slot beside the header.
    if (sector_size % record_size != 0 || slots < 2 || slots - 1 > 64 || sectors < cursor_sectors + 2) {
        return Err::unsupported;
    }
    data_sectors_ = std::min(sectors - cursor_sectors, max_data_sectors);
    slots_ = static_cast<std::uint32_t>(slots - 1);
    cursor_entries_ = sector_size / cursor_size;
    live_.fill(0);
    count_ = 0;
    holes_ = 0;
    recover_cursor();
    std::uint32_t newest = 0;
    const bool found = recover_sectors(newest);
    settle(newest, found);
    return {};
}

void FlashRing::recover_cursor() {
    head_ = 0;
    cursor_counter_ = 0;
    cursor_sector_ = 0;
    cursor_next_ = 0;
    std::array<std::size_t, cursor_sectors> used{};
    for (std::size_t sector = 0; sector < cursor_sectors; ++sector) {
        for (std::size_t i = 0; i < cursor_entries_; ++i) {
            CursorBytes entry;
            const std::size_t offset = (data_sectors_ + sector) * flash_.sector_size() + i * cursor_size;
            if (!flash_.read(offset, entry) || is_erased(entry)) continue;
            used[sector] = i + 1;
            std::uint32_t position = 0;
            std::uint32_t counter = 0;
            if (!parse_cursor(entry, position, counter) || counter <= cursor_counter_ || position > max_position) continue;
            cursor_counter_ = counter;
            head_ = position;
            cursor_sector_ = sector;
        }
    }
    cursor_next_ = used[cursor_sector_];
    stored_head_ = head_;
}

bool FlashRing::recover_sectors(std::uint32_t& newest) {
    bool found = false;
    std::array<std::uint32_t, max_data_sectors> numbers{};
    std::array<bool, max_data_sectors> valid{};
    for (std::size_t physical = 0; physical < data_sectors_; ++physical) {
        RecordBytes header;
        if (!flash_.read(physical * flash_.sector_size(), header)) continue;
        std::uint32_t number = 0;
        if (!parse_header(header, number) || number % data_sectors_ != physical || number > max_position / slots_) continue;
        numbers[physical] = number;
        valid[physical] = true;
        if (!found || number > newest) newest = number;
        found = true;
    }
    if (!found) return false;
    next_ = newest * slots_;
    for (std::size_t physical = 0; physical < data_sectors_; ++physical) {
        // A header from before the ring went round belongs to an erase that was cut short.
        if (!valid[physical] || numbers[physical] + data_sectors_ <= newest) continue;
        recover_slots(numbers[physical], numbers[physical] == newest);
    }
    return true;
}

bool FlashRing::slot_written(std::uint32_t position, RecordBytes& out) {
    return !flash_.read(offset_of(position), out) || !is_erased(out);
}

void FlashRing::recover_slots(std::uint32_t number, bool newest) {
    for (std::uint32_t i = 0; i < slots_; ++i) {
        const std::uint32_t position = number * slots_ + i;
        RecordBytes slot;
        if (!slot_written(position, slot)) continue;
        if (newest) next_ = position + 1;
        if (position < head_) continue;
        if (slot_is_record(slot)) {
            set_live(position, true);
        } else {
            ++holes_;
        }
    }
}

void FlashRing::settle(std::uint32_t newest, bool found) {
    const auto sectors = static_cast<std::uint32_t>(data_sectors_);
    if (!found) next_ = head_;
    // Without a cursor (its log was lost) everything that still exists is delivered again.
    if (found && newest >= sectors) head_ = std::max(head_, (newest + 1 - sectors) * slots_);
    next_ = std::max(next_, head_);
    // Writing resumes in the middle of a sector only when that sector is the newest one known. A newest sector
    // without any record (next_ at its start) is simply opened again.
    const bool inside = found && next_ > newest * slots_ && next_ <= (newest + 1) * slots_;
    if (!inside && next_ % slots_ != 0) next_ = (next_ / slots_ + 1) * slots_;
    recount();
    skip_dead();
}

void FlashRing::recount() {
    count_ = 0;
    for (std::size_t physical = 0; physical < data_sectors_; ++physical) {
        count_ += static_cast<std::size_t>(__builtin_popcountll(live_[physical]));
    }
}

}  // namespace egiz
