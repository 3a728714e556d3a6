"""What Schemathesis does not know by itself: how a ZIP archive is written."""

import io
import zipfile

import schemathesis


@schemathesis.serializer("application/zip")
def archive(ctx, value):
    """Every other text is a file of a OneRoster archive; the rest are no archives at all."""
    content = value if isinstance(value, bytes) else str(value).encode("utf-8", "surrogatepass")
    if len(content) % 2:
        return content
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as files:
        files.writestr(zipfile.ZipInfo("manifest.csv"), "propertyName,value\nmanifest.version,1.0\noneroster.version,1.2\nfile.users,bulk\n")
        files.writestr(zipfile.ZipInfo("users.csv"), content)
    return packed.getvalue()


@schemathesis.serializer("text/csv")
def table(ctx, value):
    """Every other text becomes a table that some operation knows; the rest are whatever they are, and what is no text stays none."""
    content = value if isinstance(value, bytes) else str(value).encode("utf-8", "surrogatepass")
    if not isinstance(value, str) or len(content) % 2:
        return content
    return b"serial,assetTag,model\r\nEXAMPLE%d,,Classbook\r\n" % (len(content) % 7) if len(content) % 4 else b"serial\r\nCEDAR001\r\n"
