#include "ota_partitions.hpp"

#include <algorithm>
#include <array>
#include <cstring>

#include "esp_ota_ops.h"
#include "esp_status.hpp"

namespace egiz::esp {
namespace {

// Encrypted flash is written in whole blocks of its cipher.
constexpr std::size_t write_unit = 16;

}  // namespace

Status OtaPartitions::open() {
    running_ = esp_ota_get_running_partition();
    target_ = esp_ota_get_next_update_partition(nullptr);
    return running_ == nullptr || target_ == nullptr ? Status(Err::not_found) : Status();
}

BootState OtaPartitions::boot_state() {
    esp_ota_img_states_t state = ESP_OTA_IMG_UNDEFINED;
    if (esp_ota_get_state_partition(running_, &state) == ESP_OK && state == ESP_OTA_IMG_PENDING_VERIFY) {
        return BootState::pending_verify;
    }
    // The other slot was tried and did not confirm itself.
    return esp_ota_get_last_invalid_partition() != nullptr ? BootState::rolled_back : BootState::confirmed;
}

std::size_t OtaPartitions::slot_size() { return target_ == nullptr ? 0 : target_->size; }

Status OtaPartitions::begin(std::size_t image_size) {
    if (target_ == nullptr) return Err::not_found;
    if (image_size == 0 || image_size > target_->size) return Err::no_space;
    erased_ = 0;
    // The header goes first, so that a half written slot can never be taken for an image. The rest is erased just ahead
    // of the writes: erasing 1.7 MB at once takes longer than the watchdog.
    return erase_up_to(target_->erase_size);
}

Status OtaPartitions::resume(std::size_t offset) {
    if (target_ == nullptr) return Err::not_found;
    if (offset > target_->size || offset % target_->erase_size != 0) return Err::bad_argument;
    // What lies behind the checkpoint may have been written before the cut: it is erased again.
    erased_ = offset;
    return {};
}

Status OtaPartitions::erase_up_to(std::size_t end) {
    const std::size_t sector = target_->erase_size;
    while (erased_ < end) {
        const esp_err_t code = esp_partition_erase_range(target_, erased_, sector);
        if (code != ESP_OK) return to_status(code);
        erased_ += sector;
    }
    return {};
}

Status OtaPartitions::write(std::size_t offset, Bytes data) {
    if (target_ == nullptr) return Err::not_found;
    if (offset % write_unit != 0 || data.size() > target_->size || offset > target_->size - data.size()) {
        return Err::bad_argument;
    }
    const Status erased = erase_up_to(offset + data.size());
    if (!erased) return erased;
    const std::size_t whole = data.size() - data.size() % write_unit;
    if (whole > 0) {
        const Status written = to_status(esp_partition_write(target_, offset, data.data(), whole));
        if (!written) return written;
    }
    if (whole == data.size()) return {};
    // The end of the image, filled up with what erased flash reads as.
    std::array<std::uint8_t, write_unit> tail{};
    tail.fill(0xFF);
    std::copy(data.begin() + static_cast<std::ptrdiff_t>(whole), data.end(), tail.begin());
    return to_status(esp_partition_write(target_, offset + whole, tail.data(), tail.size()));
}

Status OtaPartitions::read(std::size_t offset, MutableBytes out) {
    if (target_ == nullptr) return Err::not_found;
    return to_status(esp_partition_read(target_, offset, out.data(), out.size()));
}

// Checks the image's own hash, and its signature when the SDK's check is compiled in: the second lock.
Status OtaPartitions::activate() {
    if (target_ == nullptr) return Err::not_found;
    return to_status(esp_ota_set_boot_partition(target_));
}

Status OtaPartitions::confirm() { return to_status(esp_ota_mark_app_valid_cancel_rollback()); }

void OtaPartitions::roll_back() { (void)esp_ota_mark_app_invalid_rollback_and_reboot(); }

void OtaPartitions::abandon() {
    if (target_ == nullptr) return;
    erased_ = 0;
    (void)erase_up_to(target_->erase_size);
}

}  // namespace egiz::esp
