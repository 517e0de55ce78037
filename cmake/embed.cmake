# Turns the dashboard's files into one C file that defines what daemon/asset.h declares.
#
#   cmake -DOUT=page.c -DFOLDER=daemon/page -DCHART_JS=... -DCHART_CSS=... -P cmake/embed.cmake
#
# Their version is a hash of them all; @VERSION@ in index.html becomes it. Each file is there twice,
# as it is and compressed, so that nothing has to be compressed while the service runs.

cmake_minimum_required(VERSION 3.25)
find_program(GZIP gzip REQUIRED)
get_filename_component(scratch "${OUT}" DIRECTORY)

set(paths / /app.js /style.css /icon.svg /chart.js /chart.css)
set(files
    "${FOLDER}/index.html" "${FOLDER}/app.js" "${FOLDER}/style.css" "${FOLDER}/icon.svg"
    "${CHART_JS}" "${CHART_CSS}")
set(types text/html text/javascript text/css image/svg+xml text/javascript text/css)

set(hashes "")
foreach(file IN LISTS files)
    file(SHA256 "${file}" hash)
    string(APPEND hashes "${hash}")
endforeach()
string(SHA256 version "${hashes}")
string(SUBSTRING "${version}" 0 12 version)

# Appends one array of bytes, and what it is called, to the lists of the caller.
function(add_bytes name file)
    file(READ "${file}" hex HEX)
    string(REGEX REPLACE "([0-9a-f][0-9a-f])" "0x\\1," bytes "${hex}")
    string(REGEX REPLACE "(................................................................................)"
           "\\1\n" bytes "${bytes}")
    file(APPEND "${OUT}.new" "static const unsigned char ${name}[] = {\n${bytes}};\n")
endfunction()

file(WRITE "${OUT}.new" "/* Made by cmake/embed.cmake. */\n#include \"daemon/asset.h\"\n\n")
set(rows "")
set(at 0)
foreach(path file type IN ZIP_LISTS paths files types)
    if(path STREQUAL "/")
        file(READ "${file}" text)
        string(REPLACE "@VERSION@" "${version}" text "${text}")
        set(file "${scratch}/index.html")
        file(WRITE "${file}" "${text}")
    endif()
    if(path STREQUAL "/chart.js") # without the address of a map that is not served
        file(READ "${file}" text)
        string(REGEX REPLACE "\n//# sourceMappingURL=[^\n]*" "" text "${text}")
        set(file "${scratch}/chart.js")
        file(WRITE "${file}" "${text}")
    endif()
    set(packed "${scratch}/asset-${at}.gz")
    execute_process(COMMAND "${GZIP}" -9 -n -c "${file}" OUTPUT_FILE "${packed}"
                    COMMAND_ERROR_IS_FATAL ANY)
    if(type MATCHES "^text/")
        string(APPEND type "; charset=utf-8")
    endif()
    add_bytes("plain_${at}" "${file}")
    add_bytes("packed_${at}" "${packed}")
    string(APPEND rows "    {\"${path}\", \"${type}\", {(const char *)plain_${at}, sizeof plain_${at}},\n"
           "     {(const char *)packed_${at}, sizeof packed_${at}}},\n")
    math(EXPR at "${at} + 1")
endforeach()
file(APPEND "${OUT}.new"
     "\nconst char asset_version[] = \"${version}\";\n"
     "const struct asset asset_files[] = {\n${rows}};\n"
     "const size_t asset_count = COUNT_OF(asset_files);\n")
file(RENAME "${OUT}.new" "${OUT}")
