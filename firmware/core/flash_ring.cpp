#include "flash_ring.hpp"

#include "bytes.hpp"
#include "flash_ring_layout.hpp"

namespace egiz {

using namespace ring_layout;

std::size_t FlashRing::capacity() const { return usable() ? (data_sectors_ - 1) * slots_ : 0; }

std::size_t FlashRing::offset_of(std::uint32_t position) const {
    const std::size_t sector = (position / slots_) % data_sectors_;
    return sector * flash_.sector_size() + (1 + position % slots_) * record_size;
}

bool FlashRing::live(std::uint32_t position) const {
    return ((live_[(position / slots_) % data_sectors_] >> (position % slots_)) & 1U) != 0;
}

void FlashRing::set_live(std::uint32_t position, bool on) {
    std::uint64_t& word = live_[(position / slots_) % data_sectors_];
    const std::uint64_t bit = std::uint64_t{1} << (position % slots_);
    word = on ? word | bit : word & ~bit;
}

void FlashRing::skip_dead() {
    while (head_ < next_ && !live(head_)) ++head_;
}

// What the sector to be opened still holds is given up; the cursor log says so before it is gone.
Status FlashRing::give_up_for(std::uint32_t number) {
    const auto sectors = static_cast<std::uint32_t>(data_sectors_);
    const std::uint32_t first_kept = number + 1 > sectors ? (number + 1 - sectors) * slots_ : 0;
    for (; head_ < first_kept; ++head_) {
        if (head_ >= next_ || !live(head_)) continue;
        set_live(head_, false);
        --count_;
    }
    skip_dead();
    return stored_head_ < first_kept ? sync() : Status();
}

Status FlashRing::open_sector(std::uint32_t number) {
    const std::size_t physical = number % data_sectors_;
    if (const Status erased = flash_.erase(physical); !erased) return erased;
    live_[physical] = 0;
    RecordBytes header;
    make_header(number, header);
    const std::size_t offset = physical * flash_.sector_size();
    if (const Status written = flash_.write(offset, header); !written) return written;
    RecordBytes check;
    if (const Status read = flash_.read(offset, check); !read) return read;
    return check == header ? Status() : Status(Err::io);
}

Status FlashRing::write_slot(std::uint32_t position, const RecordBytes& record) {
    const std::size_t offset = offset_of(position);
    if (const Status written = flash_.write(offset, record); !written) return written;
    RecordBytes check;
    if (const Status read = flash_.read(offset, check); !read) return read;
    return check == record ? Status() : Status(Err::io);
}

Status FlashRing::append(const RecordBytes& record) {
    if (!usable()) return Err::unsupported;
    // A worn slot or sector is passed over; two bad sectors in a row mean the medium is gone.
    constexpr int attempts = 3;
    Status last = Err::io;
    for (int attempt = 0; attempt < attempts; ++attempt) {
        if (next_ % slots_ == 0) {
            const std::uint32_t number = next_ / slots_;
            if (const Status given_up = give_up_for(number); !given_up) return given_up;
            last = open_sector(number);
            if (!last) {
                next_ += slots_;
                continue;
            }
        }
        const std::uint32_t position = next_++;
        last = write_slot(position, record);
        if (last) {
            if (count_ == 0) head_ = position;
            set_live(position, true);
            ++count_;
            return {};
        }
        ++holes_;
    }
    return last;
}

Result<RecordBytes> FlashRing::read(std::size_t index) {
    if (index >= count_) return Err::not_found;
    std::uint32_t position = head_;
    while (position < next_) {
        if (live(position)) {
            if (index == 0) break;
            --index;
        }
        ++position;
    }
    if (position >= next_) return Err::not_found;
    RecordBytes out;
    if (const Status read = flash_.read(offset_of(position), out); !read) return read.error();
    if (!slot_is_record(out)) return Err::corrupt;
    return out;
}

void FlashRing::drop_front() {
    if (count_ == 0) return;
    skip_dead();
    set_live(head_, false);
    ++head_;
    --count_;
    skip_dead();
    if (count_ == 0 || head_ - stored_head_ >= cursor_lag) (void)sync();
}

Status FlashRing::sync() {
    if (!usable()) return Err::unsupported;
    if (stored_head_ == head_) return {};
    if (cursor_next_ < cursor_entries_) {
        if (write_cursor_entry(cursor_sector_)) return {};
    }
    // Full, or the entry did not take: start the other one. The old log stays valid until its successor has an entry.
    const std::size_t other = 1 - cursor_sector_;
    if (const Status erased = flash_.erase(data_sectors_ + other); !erased) return erased;
    cursor_next_ = 0;
    cursor_sector_ = other;
    return write_cursor_entry(other);
}

Status FlashRing::write_cursor_entry(std::size_t sector) {
    CursorBytes entry;
    make_cursor(head_, cursor_counter_ + 1, entry);
    const std::size_t offset = (data_sectors_ + sector) * flash_.sector_size() + cursor_next_ * cursor_size;
    ++cursor_next_;
    if (const Status written = flash_.write(offset, entry); !written) return written;
    CursorBytes check;
    if (const Status read = flash_.read(offset, check); !read) return read;
    if (check != entry) return Err::io;
    ++cursor_counter_;
    stored_head_ = head_;
    return {};
}

}  // namespace egiz
