#include "file_flash.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <vector>

namespace egiz::host {
namespace {
constexpr std::size_t total = FileFlash::sector_bytes * FileFlash::sectors;
}

FileFlash::FileFlash(const std::string& path) : fd_(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600)) {
    if (fd_ >= 0 && ::ftruncate(fd_, static_cast<off_t>(total)) != 0) {
        ::close(fd_);
        fd_ = -1;
    }
}

FileFlash::~FileFlash() {
    if (fd_ >= 0) ::close(fd_);
}

Status FileFlash::read(std::size_t offset, MutableBytes out) {
    if (offset > total || out.size() > total - offset) return Err::bad_argument;
    const ssize_t n = ::pread(fd_, out.data(), out.size(), static_cast<off_t>(offset));
    if (n != static_cast<ssize_t>(out.size())) return Err::io;
    for (std::uint8_t& byte : out) byte = static_cast<std::uint8_t>(~byte);
    return {};
}

Status FileFlash::write(std::size_t offset, Bytes data) {
    if (offset % 16 != 0 || data.size() % 16 != 0) return Err::bad_argument;
    std::vector<std::uint8_t> bytes(data.size());
    if (const Status before = read(offset, bytes); !before) return before;
    // NOR can only clear bits; stored inverted, that is setting them.
    for (std::size_t i = 0; i < data.size(); ++i) bytes[i] = static_cast<std::uint8_t>(~(bytes[i] & data[i]));
    const ssize_t n = ::pwrite(fd_, bytes.data(), bytes.size(), static_cast<off_t>(offset));
    return n == static_cast<ssize_t>(bytes.size()) ? Status() : Status(Err::io);
}

Status FileFlash::erase(std::size_t sector) {
    if (sector >= sectors) return Err::bad_argument;
    const auto offset = static_cast<off_t>(sector * sector_bytes);
    if (::fallocate(fd_, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, offset, sector_bytes) == 0) return {};
    // A file system without holes gets zeros instead.
    static constexpr std::array<std::uint8_t, sector_bytes> zeros{};
    return ::pwrite(fd_, zeros.data(), zeros.size(), offset) == static_cast<ssize_t>(zeros.size()) ? Status() : Status(Err::io);
}

}  // namespace egiz::host
