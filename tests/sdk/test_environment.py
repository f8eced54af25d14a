"""The locks hold what the tests of the clouds' doors need, and no SDK changes what a warning does to a test."""

import importlib
import re
import warnings

import pytest

CLIENTS = (
    "alibabacloud_bssopenapi20171214.client",
    "alibabacloud_cms20190101.client",
    "alibabacloud_ecs20140526.client",
    "alibabacloud_nis20211216.client",
    "alibabacloud_quotas20200510.client",
    "alibabacloud_sts20150401.client",
    "alibabacloud_vpc20160428.client",
    "alibabacloud_vpcpeer20220101.client",
    "aliyunsdkcore.client",
    "aliyunsdkvpc.request.v20160428.CreateVpcRequest",
    "jdcloud_sdk.services.vpc.client.VpcClient",
    "QcloudApi.qcloudapi",
    "tencentcloud.monitor.v20180724.monitor_client",
    "tencentcloud.vpc.v20170312.vpc_client",
)


@pytest.mark.parametrize("name", CLIENTS)
def test_a_client_is_there_and_leaves_warnings_alone(name):
    """Each client can be imported, and a warning is an error afterwards as before."""
    importlib.import_module(name)
    with pytest.raises(UserWarning):
        warnings.warn("as ever", UserWarning, stacklevel=1)


def test_the_old_sdk_signs_as_it_did(apart):
    """JD Cloud's old SDK stands apart from the new one, which signs differently."""
    done = apart("jdcloud-old", "-c", "from jdcloud_sdk.core import const; print(const.JDCLOUD_ALGORITHM)")
    assert (done.stdout.strip(), done.stderr) == ("JDCLOUD2-HMAC-SHA256", "")


def test_the_command_line_runs(tccli):
    """Tencent Cloud's command line runs with the SDK that it brings."""
    done = tccli("--version")
    assert (done.returncode, done.stderr) == (0, "")
    assert re.fullmatch(r"[\d.]+\s*", done.stdout)
