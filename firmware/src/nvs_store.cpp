#include "nvs_store.hpp"

#include "c_text.hpp"
#include "esp_status.hpp"
#include "nvs_flash.h"

namespace egiz::esp {
namespace {

constexpr const char* partition = "nvs";
constexpr const char* name_space = "board";
using Key = CText<15>;

Status nvs_status(esp_err_t code) {
    switch (code) {
        case ESP_ERR_NVS_NOT_FOUND: return Err::not_found;
        case ESP_ERR_NVS_NOT_ENOUGH_SPACE:
        case ESP_ERR_NVS_INVALID_LENGTH: return Err::no_space;
        default: return to_status(code);
    }
}

}  // namespace

Status NvsStore::open(bool& lost) {
    lost = false;
    esp_err_t code = nvs_flash_init_partition(partition);
    if (code == ESP_ERR_NVS_NO_FREE_PAGES || code == ESP_ERR_NVS_NEW_VERSION_FOUND) {
        lost = true;
        code = nvs_flash_erase_partition(partition);
        if (code == ESP_OK) code = nvs_flash_init_partition(partition);
    }
    if (code != ESP_OK) return nvs_status(code);
    return nvs_status(nvs_open_from_partition(partition, name_space, NVS_READWRITE, &handle_));
}

Result<std::size_t> NvsStore::get(std::string_view key, MutableBytes out) {
    Key name;
    if (!name.assign(key)) return Err::bad_argument;
    std::size_t length = out.size();
    const Status status = nvs_status(nvs_get_blob(handle_, name.c_str(), out.data(), &length));
    if (!status) return status.error();
    return length;
}

Status NvsStore::put(std::string_view key, Bytes value) {
    Key name;
    if (!name.assign(key)) return Err::bad_argument;
    const Status written = nvs_status(nvs_set_blob(handle_, name.c_str(), value.data(), value.size()));
    if (!written) return written;
    return nvs_status(nvs_commit(handle_));
}

Status NvsStore::erase(std::string_view key) {
    Key name;
    if (!name.assign(key)) return Err::bad_argument;
    const esp_err_t code = nvs_erase_key(handle_, name.c_str());
    if (code != ESP_OK) return nvs_status(code);
    return nvs_status(nvs_commit(handle_));
}

Status NvsStore::erase_all() {
    const esp_err_t code = nvs_erase_all(handle_);
    if (code != ESP_OK) return nvs_status(code);
    return nvs_status(nvs_commit(handle_));
}

}  // namespace egiz::esp
