// Any bytes as the content of the backlog partition: opening it must find records or none, and work afterwards.
#include <algorithm>
#include <cstdlib>

#include "backlog.hpp"
#include "nor_flash.hpp"
#include "flash_ring_layout.hpp"

namespace {

// Checksums cannot be guessed, so some headers and cursors are put right; the fuzzer chooses their numbers.
void mend(egiz::test::NorFlash& flash) {
    auto& bytes = flash.bytes();
    for (std::size_t sector = 0; sector < 4; ++sector) {
        const std::size_t at = sector * 512;
        if (bytes[at + 12] % 2 == 0) continue;
        egiz::RecordBytes header;
        egiz::ring_layout::make_header(egiz::ByteReader({&bytes[at], 4}).u32(), header);
        std::copy(header.begin(), header.end(), bytes.begin() + static_cast<std::ptrdiff_t>(at));
    }
    for (std::size_t at = 4 * 512; at + 16 <= bytes.size(); at += 64) {
        egiz::ring_layout::CursorBytes cursor;
        egiz::ByteReader in({&bytes[at], 8});
        const std::uint32_t position = in.u32();
        egiz::ring_layout::make_cursor(position, in.u32(), cursor);
        std::copy(cursor.begin(), cursor.end(), bytes.begin() + static_cast<std::ptrdiff_t>(at));
    }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    egiz::test::NorFlash flash(6, 512);
    auto& bytes = flash.bytes();
    std::copy_n(data, std::min(size, bytes.size()), bytes.begin());
    mend(flash);
    egiz::Backlog backlog(flash);
    if (!backlog.open()) std::abort();
    const std::size_t found = backlog.size();
    if (found > backlog.capacity()) std::abort();
    for (std::size_t i = 0; i < found; ++i) (void)backlog.read(i);
    egiz::RecordBytes record;
    egiz::encode({}, record);
    for (int i = 0; i < 40; ++i) {
        backlog.push(record);
        if (i % 3 == 0) backlog.pop_front();
    }
    if (backlog.size() > backlog.capacity()) std::abort();
    if (flash.illegal_writes() != 0) std::abort();
    return 0;
}
